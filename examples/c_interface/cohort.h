/* A policy that learns inside a program that speaks C: an example of an interface, to be changed for environments of
 * your own (examples/host/learner.cpp).
 *
 *     cohort_learner *player;
 *     if (cohort_create("cart_pole", "ppo", 1, &player) != COHORT_OK) return fail(cohort_error(NULL));
 *     while (running) {
 *       cohort_observe(player, seen, 4);          // the host plays one instance of the environment ...
 *       cohort_best(player, seen, 4, &action);
 *       cohort_step(player, action, &result);
 *       if (result.end != COHORT_GOES_ON) cohort_reset(player);
 *       cohort_train(player, 4, &updated);        // ... and training, on instances of its own, has 4 milliseconds
 *     }
 *     cohort_destroy(player);
 *
 * Every function but cohort_error and cohort_destroy returns a status; where it is not COHORT_OK, cohort_error has the
 * sentence, what the call was to write is not written, and the learner can be used on. A learner is used by one thread
 * at a time; different ones may be used by different threads. The library computes on the thread that calls, starts no
 * thread, prints nothing and handles no signals. */
#ifndef COHORT_H
#define COHORT_H
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define COHORT_API __declspec(dllexport)
#else
#define COHORT_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cohort_learner cohort_learner;

typedef enum cohort_status {
  COHORT_OK = 0,
  COHORT_WRONG_ARGUMENT = 1, /* a NULL, an unknown name, a number out of its range, a buffer of another size */
  COHORT_FILE = 2,           /* a file, or bytes of one: cannot be read or written, or is damaged */
  COHORT_NOT_FINITE = 3,     /* training or an observation came to a number that is not finite */
  COHORT_MEMORY = 4,         /* there is not enough */
  COHORT_FAILED = 5          /* anything else */
} cohort_status;

/* How a step has ended. */
typedef enum cohort_end { COHORT_GOES_ON = 0, COHORT_TERMINATED = 1, COHORT_TRUNCATED = 2 } cohort_end;

typedef struct cohort_step_result {
  double reward;
  cohort_end end;
} cohort_step_result;

/* Where a later version has more at the end, `size` says what the caller has room for. */
typedef struct cohort_report_data {
  size_t size;   /* set by the caller: sizeof(cohort_report_data) */
  int64_t steps; /* of the environments that training plays */
  int64_t episodes;
  int64_t updates;
  double mean_return; /* of the last 100 episodes of training; NaN before the first has ended */
  double seconds;     /* of training */
} cohort_report_data;

/* Environments: cart_pole, catch_ball, catch_ball_wide. Algorithms: ppo, a2c. *learner is set to NULL where it fails.
 */
COHORT_API cohort_status cohort_create(const char* environment, const char* algorithm, uint64_t seed,
                                       cohort_learner** learner);
/* NULL is left alone. */
COHORT_API void cohort_destroy(cohort_learner* learner);
/* Of the last call for this learner; of NULL: of this thread's last call that had none (cohort_create, or a NULL in its
 * place). "" where it went well. The text stays until the next call. */
COHORT_API const char* cohort_error(const cohort_learner* learner);

/* How many numbers an observation has, and how many actions there are: 0, 1, ... choices - 1. */
COHORT_API cohort_status cohort_sizes(cohort_learner* learner, size_t* observations, int32_t* choices);

/* The instance of the environment that the host plays. It is no part of what is saved. */
COHORT_API cohort_status cohort_reset(cohort_learner* learner);
COHORT_API cohort_status cohort_step(cohort_learner* learner, int32_t action, cohort_step_result* result);
COHORT_API cohort_status cohort_observe(cohort_learner* learner, double* observation, size_t size);

/* What the policy does when it sees this: a draw, or the most probable action. */
COHORT_API cohort_status cohort_act(cohort_learner* learner, const double* observation, size_t size, int32_t* action);
COHORT_API cohort_status cohort_best(cohort_learner* learner, const double* observation, size_t size, int32_t* action);

/* Trains for about so many milliseconds, to the end of an update at most, which *updated says; at least a step of the
 * environments or a minibatch, of which several fit in a millisecond. How the time is cut changes nothing in what is
 * learned, and neither does what the policy is asked in between. */
COHORT_API cohort_status cohort_train(cohort_learner* learner, double milliseconds, int* updated);
COHORT_API cohort_status cohort_report(cohort_learner* learner, cohort_report_data* report);

/* The whole run, to go on with, in a file. An update that is under way is completed first. Loading needs a learner of
 * the same environment, algorithm and seed. */
COHORT_API cohort_status cohort_save(cohort_learner* learner, const char* path);
COHORT_API cohort_status cohort_load(cohort_learner* learner, const char* path);
/* The same in memory. *size becomes how many bytes it takes, which is all where buffer is NULL, and is written as well
 * where capacity is less. */
COHORT_API cohort_status cohort_save_memory(cohort_learner* learner, void* buffer, size_t capacity, size_t* size);
COHORT_API cohort_status cohort_load_memory(cohort_learner* learner, const void* buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
