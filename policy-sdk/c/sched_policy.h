/* What a sandboxed policy in C includes: the contract of docs/abi.md, version 1.2, as types, constants and helpers.
 *
 * A policy defines the functions below, each marked SCHED_EXPORT(its name), and is built by
 *   clang --target=wasm32 -O2 -nostdlib -msimd128 -Wl,--no-entry -Wl,--strip-all -o policy.wasm policy.c
 * least_pods.c beside this file is one that works.
 *
 *   uint32_t sched_abi_1(void)                                   return SCHED_ABI_MINOR
 *   sched_text sched_manifest(void)                              {"Ok": MANIFEST}
 *   void *sched_alloc(uint32_t len)                              room for a text that the host then writes there
 *   sched_text sched_configure(const char *json, uint32_t len)   {"Ok": {"manifest", "asks", "reasons"}} or {"Err": "why"}
 *   sched_text sched_setup(const char *json, uint32_t len)       {"Ok": null}
 *   void sched_prepare(sched_frame *)                            fills block and prepared
 *   void sched_filter(sched_frame *, start, end, list)           a verdict a row
 *   void sched_score(sched_frame *, start, end, list)            a raw score a row
 *
 * It keeps nothing between calls, and writes nothing but the frame's block, prepared and out.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <stddef.h>
#include <stdint.h>

#define SCHED_ABI_MINOR 3
#define SCHED_EXPORT(name) __attribute__((export_name(#name)))

/* Where an array lies: its address, and how many items it has. */
typedef struct {
    uint32_t ptr, len;
} sched_span;

/* A column, a bitmap, a name or counts, by key. */
typedef struct {
    uint32_t key, reserved;
    sched_span values;
} sched_slot;

/* A label of nodes: numbers of values by row, and the values' bytes (spans) by number; 0 is a node without it. */
typedef struct {
    uint32_t key, reserved;
    sched_span numbers, values;
} sched_label;

/* An amount of a resource, base units. */
typedef struct {
    uint16_t resource;
    double amount;
} sched_request;

/* A node that has one of the pod's images. */
typedef struct {
    uint32_t row;
    int64_t scaled_bytes;
} sched_image;

/* What the pod's tolerations say of one list of taints. */
typedef struct {
    uint8_t rejected;
    uint32_t untolerated_soft;
} sched_taint_answer;

/* The pod to be placed. */
typedef struct {
    sched_span requests, scoring_requests; /* sched_request */
    sched_span required_nodes, named_nodes; /* words of bitmaps over rows, if the flag is set */
    sched_span preferred_weights, preferred_rows; /* int64_t; bitmaps of preferred_words words each */
    sched_span taints; /* sched_taint_answer, by the number in taint_sets */
    sched_span port_conflicts; /* words of a bitmap over rows, if the flag is set */
    sched_span images; /* sched_image */
    sched_span forecast_cpu; /* double, milli-CPU by hour ahead */
    sched_span same_app_requested; /* double by row, milli-CPU */
    sched_span estimates; /* double[2]: milli-CPU, bytes */
    double forecast_request, forecast_variance;
    double estimate[2];
    uint64_t matches; /* bit i: the i-th selector of pods that was asked for */
    uint32_t flags; /* SCHED_POD_... */
    uint32_t qos; /* 0 best effort, 1 burstable, 2 guaranteed */
    int32_t priority;
    uint32_t node_name; /* 0 any node, 1 the one in node_name_row, 2 none that exists */
    uint32_t node_name_row, containers, preferred_words, reserved;
} sched_pod;

enum {
    SCHED_POD_DAEMON_SET = 1,
    SCHED_POD_NAMES_CONFLICT = 1 << 1,
    SCHED_POD_TOLERATES_UNSCHEDULABLE = 1 << 2,
    SCHED_POD_REQUIRED_NODES = 1 << 3,
    SCHED_POD_NAMED_NODES = 1 << 4,
    SCHED_POD_PORTS = 1 << 5,
};

/* What prepare answers. All zeros: run both hooks. */
typedef struct {
    int64_t constant; /* every node's raw score, if score is SCHED_CONSTANT */
    uint32_t filter, score; /* SCHED_RUN, SCHED_SKIP; SCHED_CONSTANT for score */
    uint32_t reject; /* one more than the place of the reason for which every node is rejected */
    uint32_t narrow, fall_back;
    uint32_t stale; /* 1: abstains, since what it reads is too old */
} sched_prepared;

enum { SCHED_RUN = 0, SCHED_SKIP = 1, SCHED_CONSTANT = 2 };

/* Everything that a call reads and writes. */
typedef struct {
    uint64_t now_ms;
    uint32_t rows, live;
    sched_span quantities; /* hash table of sched_slot with double columns: use sched_column */
    sched_span bits; /* sched_slot with words of bitmaps: use sched_bitmap */
    sched_span names; /* sched_slot with bytes of resource names */
    sched_span aggregates; /* double */
    sched_span taint_sets; /* uint32_t by row */
    sched_span list; /* uint32_t rows of a list: use sched_row */
    sched_span out; /* 64 bits a row: verdicts or scores */
    sched_pod pod;
    uint64_t block[16]; /* what prepare keeps for the other calls about the pod */
    sched_prepared prepared;
    sched_span labels; /* sched_label, the i-th that was asked for at i */
    sched_span domain_pods; /* sched_slot with doubles by number of the label's value */
    sched_span pod_name, pod_namespace; /* bytes */
} sched_frame;

_Static_assert(sizeof(sched_pod) == 168 && sizeof(sched_prepared) == 32 && sizeof(sched_frame) == 432, "layout");
_Static_assert(offsetof(sched_frame, pod) == 72 && offsetof(sched_frame, block) == 240, "layout");
_Static_assert(offsetof(sched_frame, prepared) == 368 && offsetof(sched_frame, labels) == 400, "layout");
_Static_assert(sizeof(sched_request) == 16 && sizeof(sched_image) == 16 && sizeof(sched_taint_answer) == 8, "layout");

/* Columns, for sched_column; all but SAMPLED_AT and DERIVED by resource. */
enum {
    SCHED_ALLOCATABLE = 0,
    SCHED_REQUESTED = 1,
    SCHED_SCORING_REQUESTED = 2,
    SCHED_CAPACITY = 3,
    SCHED_USAGE = 4,
    SCHED_SAMPLED_AT = 5,
    SCHED_UNSEEN = 6,
    SCHED_DERIVED = 7,
};

/* Bitmaps, for sched_bitmap; SELECTOR by the number that was granted. */
enum { SCHED_LIVE = 0, SCHED_UNSCHEDULABLE = 1, SCHED_MARKED = 2, SCHED_SELECTOR = 3 };

/* Resources with fixed ids. */
enum { SCHED_CPU = 0, SCHED_MEMORY = 1, SCHED_PODS = 2, SCHED_EPHEMERAL_STORAGE = 3 };

/* Verdicts: 0 passes, bit i is the i-th reason; the last bit says that preemption cannot help. */
#define SCHED_PASS UINT64_C(0)
#define SCHED_REASON(place) (UINT64_C(1) << (place))
#define SCHED_UNRESOLVABLE (UINT64_C(1) << 63)

/* A text as functions return it. */
typedef int64_t sched_text;

static inline sched_text sched_text_of(const char *text, uint32_t len) {
    return (int64_t)((uint64_t)(uintptr_t)text << 32 | len);
}

/* A string literal as functions return it. */
#define SCHED_TEXT(literal) sched_text_of(literal, sizeof(literal) - 1)

/* The items of an array. */
#define SCHED_ITEMS(type, span) ((const type *)(uintptr_t)(span).ptr)

/* A column of doubles, one a row, or a null pointer where the host has none. */
static inline const double *sched_column(const sched_frame *frame, uint32_t kind, uint32_t id) {
    const sched_slot *slots = SCHED_ITEMS(sched_slot, frame->quantities);
    uint32_t key = kind << 16 | id, last = frame->quantities.len - 1;
    if (frame->quantities.len == 0) return 0;
    for (uint32_t at = key * UINT32_C(0x9e3779b1) >> 16 & last;; at = (at + 1) & last) {
        if (slots[at].key == key) return SCHED_ITEMS(double, slots[at].values);
        if (slots[at].key == UINT32_MAX) return 0;
    }
}

/* The words of a bitmap (row r is bit r % 64 of word r / 64), or a null pointer. */
static inline const uint64_t *sched_bitmap(const sched_frame *frame, uint32_t kind, uint32_t id) {
    const sched_slot *slots = SCHED_ITEMS(sched_slot, frame->bits);
    for (uint32_t at = 0; at < frame->bits.len; at++) {
        if (slots[at].key == (kind << 16 | id)) return SCHED_ITEMS(uint64_t, slots[at].values);
    }
    return 0;
}

/* The k-th row of a call: of the range from start, or of the list. */
static inline uint32_t sched_row(const sched_frame *frame, uint32_t start, uint32_t list, uint32_t k) {
    return list ? SCHED_ITEMS(uint32_t, frame->list)[k] : start + k;
}

/* How much of a resource the pod requests. */
static inline double sched_requested(const sched_frame *frame, uint16_t resource) {
    const sched_request *requests = SCHED_ITEMS(sched_request, frame->pod.requests);
    for (uint32_t i = 0; i < frame->pod.requests.len; i++) {
        if (requests[i].resource == resource) return requests[i].amount;
    }
    return 0;
}

#endif
