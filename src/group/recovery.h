/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The recovery code of a paired group: the group seed R as words that a person writes down once.
 * Pure; any thread.
 *
 * A code is 18 words of five letters, consonants and vowels in turn, which can be read aloud in any
 * language ("lusab babad ..."): 16 bits a word, as in proquints (D. S. Wilkerson, arXiv:0901.4016).
 * The 36 bytes behind them are
 *
 *   suite(1) seed(32) check(3), check = SHA-256(lp("0k-recovery-v1") suite seed)[0..3]
 *
 * so a mistyped word is found (all but one of 16 million), and the code alone gives group id and
 * keys.
 */
#ifndef ZKS_GROUP_RECOVERY_H
#define ZKS_GROUP_RECOVERY_H

#include "crypto/crypto.h"

enum {
    ZKS_RECOVERY_WORDS = 18,
    ZKS_RECOVERY_WORD_LETTERS = 5,
    /* Words with one space between them, and the end. */
    ZKS_RECOVERY_TEXT_BYTES = ZKS_RECOVERY_WORDS * (ZKS_RECOVERY_WORD_LETTERS + 1)
};

/* Secret, as seed is: the caller wipes both. */
void zks__recovery_format(uint8_t suite, const uint8_t seed[ZKS_KEY_BYTES],
                          char out_text[ZKS_RECOVERY_TEXT_BYTES]);

/*
 * Reads a code as people type it: letters of either case, words separated by anything that is no
 * letter. ZKS_E_MALFORMED: *out_word is the first word (from 1) that is none, too short or too
 * long; ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE: fewer or more than 18 words, *out_word is their number;
 * ZKS_E_DECRYPT: all are words, but the check fails: one was mistaken for another; ZKS_E_SUITE: a
 * suite that is not in this build. *out_word is 0 otherwise and may not be NULL; the rest is
 * untouched on failure.
 */
ZKS_MUST_USE zks_status zks__recovery_parse(const char *text, size_t length, uint8_t *out_suite,
                                            uint8_t out_seed[ZKS_KEY_BYTES], size_t *out_word);

/* That failure as a sentence; it repeats none of the words. */
enum { ZKS_RECOVERY_SENTENCE_BYTES = 160 };
void zks__recovery_explain(zks_status status, size_t word, char out[ZKS_RECOVERY_SENTENCE_BYTES]);

#endif
