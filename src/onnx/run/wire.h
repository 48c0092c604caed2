/*
 * wire.h: what souk and souk-runner say to each other.
 *
 * Both ends are this machine and the same build: numbers lie as the processor has them. A message
 * is a list of frames: a 32-bit length of the body (at most WIRE_BODY), a kind, the body. souk's
 * request is a sealed memory file; the answer comes by a pipe.
 *
 * The answer is read as hostile. A model may have taken the runner over, so every length, count
 * and order is checked, and what may be allocated for it is bounded before it is.
 */
#ifndef SOUK_ONNX_RUN_WIRE_H
#define SOUK_ONNX_RUN_WIRE_H

#include "base/buf.h"
#include "onnx/engine.h"
#include "onnx/values.h"

enum wire_kind {
    /* the request: one task, places of the engine, the values, the end */
    WIRE_TASK = 1,
    WIRE_PLACE,
    WIRE_FOLDER,
    /* values, both ways */
    WIRE_VALUES, /* how many */
    WIRE_VALUE,  /* one of them, or of what is inside */
    WIRE_DATA,   /* the elements of the tensor before it, in pieces */
    /* the answer: steps, engine, times, samples, the values, the end; or an error */
    WIRE_STEP,
    WIRE_ENGINE,
    WIRE_TIMES,
    WIRE_SAMPLES,
    WIRE_ERROR,
    WIRE_END
};
enum {
    WIRE_HEAD = 5,
    WIRE_BODY = 256 << 10,
    WIRE_NAME = 4096,   /* bytes of a value's name */
    WIRE_COUNT = 65536, /* values in one list */
};

/* Where the descriptors lie in the runner. */
enum { RUNNER_REQUEST = 3, RUNNER_MODEL, RUNNER_ANSWER };

struct wire_task {
    uint64_t memory;  /* bytes of address space */
    uint64_t outputs; /* most bytes of outputs */
    int64_t parent;   /* process that must be alive */
    uint32_t seconds; /* of processor time */
    uint32_t threads, repeat, warmup;
    int32_t level;
};

/* SOUK_ELIMIT: "the model took more memory than the 512 MiB it was given (--memory raises it)". */
souk_err wire_over_memory(uint64_t bytes, struct err *e);

enum wire_step { STEP_ENGINE, STEP_MODEL, STEP_FIRST, STEP_WARMUP, STEP_REPEAT, STEP_COUNT };

/* --- writing. What fails stays failed, and wire_flush says so. */
struct wire_out {
    int fd;
    bool bad;
    size_t n;
    uint8_t b[64 << 10];
};
void wire_out_init(struct wire_out *w, int fd);
void wire_frame(struct wire_out *w, enum wire_kind k, const void *body, size_t n);
void wire_value(struct wire_out *w, struct untrusted name, const struct value *v);
void wire_values(struct wire_out *w, const struct values *v);
bool wire_flush(struct wire_out *w);

/* --- frames out of a stream that comes in pieces. */
struct wire_in {
    struct buf held; /* an unfinished frame */
};
struct wire_frame {
    enum wire_kind kind;
    const uint8_t *p; /* until the next call */
    size_t n;
};
void wire_in_init(struct wire_in *in);
void wire_in_release(struct wire_in *in);
/*
 * Takes a frame out of *p, n bytes further; false: there is none whole, and the rest was kept.
 * SOUK_EINPUT in *bad: no frame is like that.
 */
bool wire_next(struct wire_in *in, const uint8_t **p, size_t *n, struct wire_frame *f,
               souk_err *bad);

/* A body, field by field. What is missing makes it bad, and reads as zero. */
struct wire_body {
    const uint8_t *at, *end;
    bool bad;
};
void wire_get(struct wire_body *b, void *out, size_t n);
uint8_t wire_get8(struct wire_body *b);
uint32_t wire_get32(struct wire_body *b);
uint64_t wire_get64(struct wire_body *b);

/* --- values out of frames. */
struct wire_nest {
    struct value *v; /* a sequence or map that is being filled */
    size_t next;
};
struct wire_values_in {
    struct values *into;
    uint64_t room;   /* bytes that may still be allocated */
    size_t expected; /* values in all */
    bool begun;
    struct wire_nest nest[VALUES_DEPTH];
    unsigned depth;
    struct value *filling; /* the tensor whose data comes */
    uint8_t *at;
    uint8_t *strings; /* of a string tensor: lengths, then bytes */
    uint64_t left, all;
    bool over; /* there was no room, rather than no memory */
};
/* into is initialised and empty; room bounds what is allocated for it. */
void wire_values_init(struct wire_values_in *in, struct values *into, uint64_t room);
/* WIRE_VALUES, WIRE_VALUE or WIRE_DATA. SOUK_EINPUT: nonsense; SOUK_ENOMEM: no memory, or no
 * room (over). */
souk_err wire_values_take(struct wire_values_in *in, const struct wire_frame *f);
bool wire_values_whole(const struct wire_values_in *in);

#endif
