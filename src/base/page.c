/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/page.h"

#include <string.h>
#include <sys/mman.h>

void *zks__page_new(void)
{
    void *page = mmap(NULL, ZKS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                      0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    (void)!mlock(page, ZKS_PAGE_BYTES);
#ifdef MADV_DONTDUMP
    (void)!madvise(page, ZKS_PAGE_BYTES, MADV_DONTDUMP);
#endif
    return page;
}

void zks__page_free(void *page)
{
    if (page) {
        explicit_bzero(page, ZKS_PAGE_BYTES);
        munmap(page, ZKS_PAGE_BYTES);
    }
}
