/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A stranger's program: compiles and links against the installed library, nothing else. */
#include <stdio.h>
#include <zks/zks.h>

int main(void)
{
    printf("%u\n", (unsigned)zks_abi_version());
    return zks_abi_version() == 0 && ZKS_OK != 0;
}
