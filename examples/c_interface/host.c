/* A C program that trains a policy of CartPole in slices of time, plays it meanwhile, keeps it and reads it again:
 * c_host FILE. It says what went wrong, and ends with status 1 then. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cohort.h"

static int failures = 0;

static void check(int so, const char* what) {
  if (so) return;
  fprintf(stderr, "c_host: not so: %s\n", what);
  ++failures;
}
#define CHECK(what) check(what, #what)

/* A call that has to go well, and one that has to fail in a certain way. */
static void fine(const cohort_learner* learner, cohort_status status) {
  if (status == COHORT_OK) return;
  fprintf(stderr, "c_host: status %d, %s\n", (int)status, cohort_error(learner));
  ++failures;
}
static void fails(const cohort_learner* learner, cohort_status status, cohort_status expected, const char* sentence) {
  if (status == expected && strstr(cohort_error(learner), sentence)) return;
  fprintf(stderr, "c_host: status %d, \"%s\", expected %d, \"%s\"\n", (int)status, cohort_error(learner), (int)expected,
          sentence);
  ++failures;
}

static cohort_report_data report_of(cohort_learner* learner) {
  cohort_report_data report = {0};
  report.size = sizeof report;
  fine(learner, cohort_report(learner, &report));
  return report;
}

/* Slices of training between steps of the host's own play, until so many updates are made. */
static void train(cohort_learner* learner, double slice, int64_t updates, int playing) {
  int updated = 0;
  while (failures == 0 && report_of(learner).updates < updates) {
    fine(learner, cohort_train(learner, slice, &updated));
    if (playing) {
      double seen[4];
      int32_t action = -1;
      cohort_step_result result = {0, COHORT_GOES_ON};
      fine(learner, cohort_observe(learner, seen, 4));
      fine(learner, cohort_act(learner, seen, 4, &action));
      fine(learner, cohort_step(learner, action, &result));
      CHECK(result.reward == 1);
      if (result.end != COHORT_GOES_ON) fine(learner, cohort_reset(learner));
    }
  }
  CHECK(updated);
}

/* The mean length of a few episodes of the most probable actions. */
static double played(cohort_learner* learner, int episodes) {
  double total = 0;
  int k;
  for (k = 0; k < episodes && failures == 0; ++k) {
    cohort_step_result result = {0, COHORT_GOES_ON};
    fine(learner, cohort_reset(learner));
    while (result.end == COHORT_GOES_ON && failures == 0) {
      double seen[4];
      int32_t action = -1;
      fine(learner, cohort_observe(learner, seen, 4));
      fine(learner, cohort_best(learner, seen, 4, &action));
      fine(learner, cohort_step(learner, action, &result));
      total += result.reward;
    }
  }
  fine(learner, cohort_reset(learner));
  return total / episodes;
}

/* Whether two policies do the same, whatever they see. */
static int agree(cohort_learner* a, cohort_learner* b) {
  int k;
  for (k = 0; k < 200; ++k) {
    const double seen[4] = {sin(k), sin(3 * k), .2 * sin(5 * k), sin(7 * k)};
    int32_t of_a = -1, of_b = -2;
    fine(a, cohort_best(a, seen, 4, &of_a));
    fine(b, cohort_best(b, seen, 4, &of_b));
    if (of_a != of_b) return 0;
  }
  return 1;
}

/* Of this process, where Linux says it. */
static int threads(void) {
  char line[256];
  int count = 1;
  FILE* status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "Threads: %d", &count) == 1) break;
  if (status) fclose(status);
  return count;
}

static void mistakes(cohort_learner* learner) {
  cohort_learner* none = learner;
  double seen[4] = {0, 0, 0, 0};
  int32_t action = 7;
  size_t size = 7;
  int updated = 7;
  cohort_step_result result = {7, COHORT_GOES_ON};
  cohort_report_data report = {0};

  fails(NULL, cohort_create("cart-pole", "ppo", 1, &none), COHORT_WRONG_ARGUMENT,
        "environment is 'cart-pole', expected cart_pole, catch_ball or catch_ball_wide");
  CHECK(none == NULL);
  fails(NULL, cohort_create("cart_pole", "sarsa", 1, &none), COHORT_WRONG_ARGUMENT,
        "algorithm is 'sarsa', expected ppo or a2c");
  fails(NULL, cohort_create(NULL, "ppo", 1, &none), COHORT_WRONG_ARGUMENT, "environment is NULL");
  fails(NULL, cohort_create("cart_pole", "ppo", 1, NULL), COHORT_WRONG_ARGUMENT, "learner is NULL");
  fails(NULL, cohort_train(NULL, 1, &updated), COHORT_WRONG_ARGUMENT, "cohort_train: learner is NULL");
  cohort_destroy(NULL);

  fails(learner, cohort_sizes(learner, NULL, &action), COHORT_WRONG_ARGUMENT, "observations is NULL");
  fails(learner, cohort_observe(learner, seen, 3), COHORT_WRONG_ARGUMENT, "observation has 3 numbers, expected 4");
  fails(learner, cohort_best(learner, seen, 5, &action), COHORT_WRONG_ARGUMENT, "observation has 5 numbers");
  seen[2] = NAN;
  fails(learner, cohort_act(learner, seen, 4, &action), COHORT_NOT_FINITE, "observation[2] is nan");
  CHECK(action == 7);
  fails(learner, cohort_step(learner, 2, &result), COHORT_WRONG_ARGUMENT,
        "action is 2, expected a whole number from 0");
  fails(learner, cohort_step(learner, -1, &result), COHORT_WRONG_ARGUMENT, "action is -1");
  CHECK(result.reward == 7);
  fails(learner, cohort_train(learner, -1, &updated), COHORT_WRONG_ARGUMENT, "milliseconds is -1");
  fails(learner, cohort_train(learner, NAN, &updated), COHORT_WRONG_ARGUMENT, "milliseconds is nan");
  fails(learner, cohort_report(learner, &report), COHORT_WRONG_ARGUMENT, "size is 0");
  fails(learner, cohort_save(learner, "no/such/folder/run"), COHORT_FILE, "no/such/folder/run");
  fails(learner, cohort_load(learner, "no_such_file"), COHORT_FILE, "no_such_file");
  fails(learner, cohort_load_memory(learner, seen, sizeof seen), COHORT_FILE, "state:");
  fails(learner, cohort_save_memory(learner, seen, sizeof seen, &size), COHORT_WRONG_ARGUMENT, "capacity is 32");
  CHECK(size > sizeof seen);
  fine(learner, cohort_report(learner, (report.size = sizeof report, &report)));
  CHECK(cohort_error(learner)[0] == '\0');

  fine(NULL, cohort_create("cart_pole", "a2c", 1, &none));
  while (result.end == COHORT_GOES_ON && failures == 0) fine(none, cohort_step(none, 1, &result));
  fails(none, cohort_step(none, 1, &result), COHORT_WRONG_ARGUMENT, "the episode is over");
  cohort_destroy(none);
}

int main(int argc, char** argv) {
  cohort_learner *player = NULL, *quiet = NULL, *other = NULL, *catcher = NULL;
  size_t observations = 0, size = 0, size_again = 0;
  int32_t choices = 0;
  int updated = 1;
  unsigned char *bytes, *bytes_again;
  double untrained, trained;
  if (argc != 2) {
    fprintf(stderr, "c_host: expected a file's name\n");
    return 2;
  }
  fine(NULL, cohort_create("cart_pole", "ppo", 1, &player));
  fine(NULL, cohort_create("cart_pole", "ppo", 1, &quiet));
  fine(NULL, cohort_create("cart_pole", "ppo", 1, &other));
  fine(NULL, cohort_create("catch_ball", "a2c", 1, &catcher));
  if (failures) return 1;
  fine(player, cohort_sizes(player, &observations, &choices));
  CHECK(observations == 4 && choices == 2);
  fine(catcher, cohort_sizes(catcher, &observations, &choices));
  CHECK(observations == 4 && choices == 3);

  /* Trained in slices, with play in between, it learns, and just what it would without. */
  CHECK(isnan(report_of(player).mean_return));
  untrained = played(player, 5);
  train(player, .2, 16, 1);
  train(quiet, 1e6, 16, 0);
  trained = played(player, 5);
  printf("CartPole: %.0f steps upright before, %.0f after %d updates\n", untrained, trained,
         (int)report_of(player).updates);
  CHECK(trained > 3 * untrained);
  CHECK(threads() == 1);
  CHECK(report_of(player).steps == 16 * 512 && report_of(player).steps == report_of(quiet).steps);
  CHECK(report_of(player).mean_return == report_of(quiet).mean_return);
  CHECK(agree(player, quiet));
  CHECK(!agree(player, other));

  /* By a file, and by memory, it is another learner's, which goes on as this one does. */
  fine(player, cohort_train(player, 0, &updated));
  CHECK(!updated);
  fine(player, cohort_save(player, argv[1]));
  CHECK(report_of(player).updates == 17);
  fine(other, cohort_load(other, argv[1]));
  CHECK(agree(player, other));
  CHECK(report_of(other).updates == 17);
  fine(player, cohort_save_memory(player, NULL, 0, &size));
  bytes = malloc(size), bytes_again = malloc(size);
  fine(player, cohort_save_memory(player, bytes, size, &size));
  train(other, 1e6, 18, 0);
  fine(other, cohort_load_memory(other, bytes, size));
  fine(other, cohort_save_memory(other, bytes_again, size, &size_again));
  CHECK(size == size_again && memcmp(bytes, bytes_again, size) == 0);
  train(player, 1e6, 18, 0), train(other, 1e6, 18, 0);
  CHECK(agree(player, other));

  /* What is damaged, or another's, is refused, and changes nothing. */
  fails(catcher, cohort_load(catcher, argv[1]), COHORT_WRONG_ARGUMENT, "expected");
  bytes[size / 2] ^= 1;
  fails(other, cohort_load_memory(other, bytes, size), COHORT_FILE, "damaged");
  fails(other, cohort_load_memory(other, bytes, size - 1), COHORT_FILE, "state:");
  CHECK(agree(player, other));
  mistakes(player);

  free(bytes), free(bytes_again);
  cohort_destroy(player), cohort_destroy(quiet), cohort_destroy(other), cohort_destroy(catcher);
  return failures ? 1 : 0;
}
