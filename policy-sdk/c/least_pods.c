/* LeastPods, an example of a policy in C: a node must have room for one more pod, and the larger the share of its places
 * that is free, the better. It has no settings. */
#include "sched_policy.h"

/* Columns: allocatable and requested, bits 0 and 1. */
#define MANIFEST                                                                                        \
    "{\"name\":\"LeastPods\",\"filters\":true,\"scores\":true,\"podFields\":0,\"columns\":3,"           \
    "\"locality\":\"rowLocal\",\"normalize\":\"none\",\"reasons\":[{\"text\":\"Too many pods\",\"arg\":\"none\"}]," \
    "\"protective\":false,\"monotone\":true,\"prefersRoom\":true}"

static char input[4096];

SCHED_EXPORT(sched_abi_1) uint32_t sched_abi_1(void) { return SCHED_ABI_MINOR; }

SCHED_EXPORT(sched_manifest) sched_text sched_manifest(void) { return SCHED_TEXT("{\"Ok\":" MANIFEST "}"); }

SCHED_EXPORT(sched_alloc) void *sched_alloc(uint32_t len) { return len <= sizeof input ? input : 0; }

SCHED_EXPORT(sched_configure) sched_text sched_configure(const char *json, uint32_t len) {
    int none = len == 0 || (len == 2 && json[0] == '{' && json[1] == '}');
    if (!none) return SCHED_TEXT("{\"Err\":\"LeastPods has no settings\"}");
    return SCHED_TEXT("{\"Ok\":{\"manifest\":" MANIFEST ",\"asks\":[],\"reasons\":[]}}");
}

SCHED_EXPORT(sched_setup) sched_text sched_setup(const char *json, uint32_t len) {
    (void)json, (void)len;
    return SCHED_TEXT("{\"Ok\":null}");
}

SCHED_EXPORT(sched_prepare) void sched_prepare(sched_frame *frame) { frame->prepared = (sched_prepared){0}; }

static double cell(const double *column, uint32_t row) { return column ? column[row] : 0; }

SCHED_EXPORT(sched_filter) void sched_filter(sched_frame *frame, uint32_t start, uint32_t end, uint32_t list) {
    const double *places = sched_column(frame, SCHED_ALLOCATABLE, SCHED_PODS);
    const double *taken = sched_column(frame, SCHED_REQUESTED, SCHED_PODS);
    uint64_t *out = (uint64_t *)(uintptr_t)frame->out.ptr;
    for (uint32_t k = 0; k < end - start; k++) {
        uint32_t row = sched_row(frame, start, list, k);
        out[k] = cell(taken, row) + 1 <= cell(places, row) ? SCHED_PASS : SCHED_REASON(0);
    }
}

SCHED_EXPORT(sched_score) void sched_score(sched_frame *frame, uint32_t start, uint32_t end, uint32_t list) {
    const double *places = sched_column(frame, SCHED_ALLOCATABLE, SCHED_PODS);
    const double *taken = sched_column(frame, SCHED_REQUESTED, SCHED_PODS);
    int64_t *out = (int64_t *)(uintptr_t)frame->out.ptr;
    for (uint32_t k = 0; k < end - start; k++) {
        uint32_t row = sched_row(frame, start, list, k);
        double free = cell(places, row) - cell(taken, row);
        out[k] = free > 0 ? (int64_t)(free * 100 / cell(places, row)) : 0;
    }
}
