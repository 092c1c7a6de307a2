// expect: a hook of train needs at least one of on_start(report), on_update(report), on_update(report, policy), a template on_run(run), on_end(report)
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct printer {
#ifdef CONTROL
  void on_update(cohort::train_report const&) {}
#else
  void update(cohort::train_report const&) {}
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
  cohort::train(cpu, cohort::algorithm<>{}, environment, policy, {.steps = 1000}, printer{});
}
