/*
 * ort.h: ONNX Runtime's C API as far as souk needs it, by place in its table.
 *
 * OrtGetApiBase() is the library's one entry. It gives a table of functions that only ever grows:
 * a function keeps its place and its signature in all later versions. The declarations here are
 * ours; tests/unit/test_runner_ort.c holds the places against the published header where that is
 * installed. Version 14 of the table is asked for; all that is used was there in version 11.
 *
 * Nearly every call gives NULL, or a status that ort_fail() turns into an error.
 */
#ifndef SOUK_RUNNER_ORT_H
#define SOUK_RUNNER_ORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "onnx/engine.h"

typedef struct ort_status ort_status;
typedef struct ort_env ort_env;
typedef struct ort_options ort_options;
typedef struct ort_session ort_session;
typedef struct ort_value ort_value;
typedef struct ort_shape ort_shape;
typedef struct ort_memory ort_memory;
typedef struct ort_allocator ort_allocator;
typedef void (*ort_log)(void *ud, int level, const char *category, const char *id,
                        const char *place, const char *words);

enum { ORT_API = 14, ORT_SLOTS = 193 };
enum { ORT_LOG_FATAL = 4 };
enum { ORT_ARENA = 1, ORT_MEM_DEFAULT = 0 };
enum ort_kind {
    ORT_UNKNOWN,
    ORT_TENSOR,
    ORT_SEQUENCE,
    ORT_MAP,
    ORT_OPAQUE,
    ORT_SPARSE,
    ORT_OPTIONAL
};

/* place, name, what it returns, its arguments */
/* clang-format off */
#define ORT_CALLS(X)                                                                               \
    X(1, GetErrorCode, int, (const ort_status *))                                                  \
    X(2, GetErrorMessage, const char *, (const ort_status *))                                      \
    X(4, CreateEnvWithCustomLogger, ort_status *,                                                  \
      (ort_log, void *ud, int level, const char *id, ort_env **))                                  \
    X(8, CreateSessionFromArray, ort_status *,                                                     \
      (const ort_env *, const void *, size_t, const ort_options *, ort_session **))                \
    X(9, Run, ort_status *,                                                                        \
      (ort_session *, const void *options, const char *const *names, const ort_value *const *,     \
       size_t, const char *const *out_names, size_t, ort_value **))                                \
    X(10, CreateSessionOptions, ort_status *, (ort_options **))                                    \
    X(23, SetSessionGraphOptimizationLevel, ort_status *, (ort_options *, int))                    \
    X(24, SetIntraOpNumThreads, ort_status *, (ort_options *, int))                                \
    X(25, SetInterOpNumThreads, ort_status *, (ort_options *, int))                                \
    X(31, SessionGetOutputCount, ort_status *, (const ort_session *, size_t *))                    \
    X(37, SessionGetOutputName, ort_status *,                                                      \
      (const ort_session *, size_t, ort_allocator *, char **))                                     \
    X(48, CreateTensorAsOrtValue, ort_status *,                                                    \
      (ort_allocator *, const int64_t *dims, size_t rank, int elem, ort_value **))                 \
    X(49, CreateTensorWithDataAsOrtValue, ort_status *,                                            \
      (const ort_memory *, void *, size_t, const int64_t *dims, size_t rank, int elem,             \
       ort_value **))                                                                              \
    X(51, GetTensorMutableData, ort_status *, (ort_value *, void **))                              \
    X(52, FillStringTensor, ort_status *, (ort_value *, const char *const *, size_t))              \
    X(53, GetStringTensorDataLength, ort_status *, (const ort_value *, size_t *))                  \
    X(54, GetStringTensorContent, ort_status *,                                                    \
      (const ort_value *, void *, size_t, size_t *offsets, size_t))                                \
    X(60, GetTensorElementType, ort_status *, (const ort_shape *, int *))                          \
    X(61, GetDimensionsCount, ort_status *, (const ort_shape *, size_t *))                         \
    X(62, GetDimensions, ort_status *, (const ort_shape *, int64_t *, size_t))                     \
    X(65, GetTensorTypeAndShape, ort_status *, (const ort_value *, ort_shape **))                  \
    X(67, GetValueType, ort_status *, (const ort_value *, int *))                                  \
    X(69, CreateCpuMemoryInfo, ort_status *, (int allocator, int kind, ort_memory **))             \
    X(76, AllocatorFree, ort_status *, (ort_allocator *, void *))                                  \
    X(78, GetAllocatorWithDefaultOptions, ort_status *, (ort_allocator **))                        \
    X(80, GetValue, ort_status *, (const ort_value *, int, ort_allocator *, ort_value **))         \
    X(81, GetValueCount, ort_status *, (const ort_value *, size_t *))                              \
    X(82, CreateValue, ort_status *, (const ort_value *const *, size_t, int kind, ort_value **))   \
    X(92, ReleaseEnv, void, (ort_env *))                                                           \
    X(93, ReleaseStatus, void, (ort_status *))                                                     \
    X(94, ReleaseMemoryInfo, void, (ort_memory *))                                                 \
    X(95, ReleaseSession, void, (ort_session *))                                                   \
    X(96, ReleaseValue, void, (ort_value *))                                                       \
    X(99, ReleaseTensorTypeAndShapeInfo, void, (ort_shape *))                                      \
    X(100, ReleaseSessionOptions, void, (ort_options *))                                           \
    X(130, AddSessionConfigEntry, ort_status *, (ort_options *, const char *, const char *))       \
    X(192, HasValue, ort_status *, (const ort_value *, int *))
/* clang-format on */

struct ort {
    char version[ENGINE_VERSION];
#define X(slot, name, ret, args) ret(*name) args;
    ORT_CALLS(X)
#undef X
};

/* Switches the engine's telemetry off and keeps it from asking for the time zone; to be called
 * before any thread or library is there. */
void ort_prepare(void);
/* Loads a library and says its version; SOUK_EFAIL: it cannot be loaded, is not this engine, or
 * (only when usable is asked for) its version is outside the window. */
souk_err ort_open(const char *path, bool usable, struct ort *out, struct err *e);

/* SOUK_OK for NULL; else the status, which is released, in words: what a model does wrong is
 * SOUK_EINPUT, a want of memory SOUK_ENOMEM. */
souk_err ort_fail(const struct ort *o, ort_status *s, struct err *e);
/* The engine's words without source paths, signatures and line ends. */
void ort_clean(const char *words, char out[ERR_MSG_MAX]);

#endif
