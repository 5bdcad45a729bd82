# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=bash
# Completion of zks for bash; tests/e2e/test_cli.py compares the words with `zks --help`.

_zks() {
    local cur prev words_of command='' part='' i
    local commands='init group pair join push pull watch status devices relay store trust flush help'
    local global='--store --store-passphrase-file --json --verbose --quiet --log-level --progress --version --help'
    local online='--relay --timeout'
    local secret='--passphrase --passphrase-file --passphrase-fd --secret-file --suite --name'
    local recovery='--recovery-file'
    local qr='--qr --qr-svg --qr-png'
    local reader='--after --peek --own --raw --out --count'
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -s | --store | --store-passphrase-file | --log-level) ((i++)) ;;
        -*) ;;
        *)
            if [ -z "$command" ]; then
                command=${COMP_WORDS[i]}
            elif [ -z "$part" ]; then
                part=${COMP_WORDS[i]}
            fi
            ;;
        esac
    done
    case $prev in
    --log-level)
        mapfile -t COMPREPLY < <(compgen -W 'off error warn info debug' -- "$cur")
        return
        ;;
    --suite)
        mapfile -t COMPREPLY < <(compgen -W 'default approved' -- "$cur")
        return
        ;;
    --rights)
        mapfile -t COMPREPLY < <(compgen -W 'invite admin invite,admin' -- "$cur")
        return
        ;;
    --reason)
        mapfile -t COMPREPLY < <(compgen -W 'lost replaced' -- "$cur")
        return
        ;;
    --qr)
        mapfile -t COMPREPLY < <(compgen -W 'dark light' -- "$cur")
        return
        ;;
    -s | --store | --store-passphrase-file | --new-passphrase-file | --passphrase-file | --secret-file | --config | --key-file | --qr-svg | --qr-png | --recovery-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    -o | --out | --data)
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        return
        ;;
    --relay | --timeout | --passphrase-fd | --descriptor | --name | --after | --count | --until-idle | --expires | --code)
        return
        ;;
    esac
    case $command in
    '') words_of="$commands $global" ;;
    init | flush) words_of="$online $global" ;;
    group)
        case $part in
        '') words_of='create join invite relays restore rotate leave' ;;
        create) words_of="$online $secret --shared --no-recovery $qr $global" ;;
        join) words_of="$online $secret --descriptor $global" ;;
        invite) words_of="--relay $qr $global" ;;
        restore) words_of="$online --name $recovery $global" ;;
        rotate) words_of="$online $global" ;;
        leave) words_of="--yes $online $global" ;;
        *) words_of=$global ;;
        esac
        ;;
    pair) words_of="--link $qr --yes --rights --expires --code --new-code $online $global" ;;
    join) words_of="$online $secret --descriptor $global" ;;
    push) words_of="--file --lines --stored $online $global" ;;
    pull) words_of="$reader --offline $online $global" ;;
    watch) words_of="$reader --until-idle $online $global" ;;
    status) words_of="--online $online $global" ;;
    devices)
        case $part in
        '') words_of="revoke --online $online $global" ;;
        *) words_of="--reason --recovery $recovery --yes $online $global" ;;
        esac
        ;;
    store)
        case $part in
        '') words_of='passphrase' ;;
        *) words_of="--new-passphrase-file --remove $global" ;;
        esac
        ;;
    relay) words_of='--config --listen --data --public-host --key-file --name --json --quiet --verbose --help' ;;
    help) words_of=$commands ;;
    *) words_of=$global ;;
    esac
    if [[ $cur == -* || -z $command || ($command == group || $command == store || $command == devices) && -z $part || $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words_of" -- "$cur")
    elif [ "$command" = push ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -o filenames -F _zks zks
