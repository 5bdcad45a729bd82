# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cases whose devices live in processes of different languages."""


def run(languages, relay, folder, case, write):
    raise NotImplementedError
