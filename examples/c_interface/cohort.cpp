// The C interface: a learner behind functions that throw nothing.
#include "cohort.h"

#include <cohort/error.hpp>
#include <cstddef>
#include <cstring>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string>

#include "../host/learner.hpp"

struct cohort_learner {
  std::unique_ptr<host::learner> it;
  std::string error;
};

namespace {

using cohort::value_error;

thread_local std::string error_without_learner;

/// Calls f, and keeps its sentence where it throws.
template <class F>
cohort_status guarded(cohort_learner* learner, F f) noexcept {
  auto& error = learner ? learner->error : error_without_learner;
  auto note = [&](cohort_status status, char const* sentence) {
    try {
      error = sentence;
    } catch (...) {  // there is no memory for it
      error.clear();
    }
    return status;
  };
  try {
    error.clear();
    f();
    return COHORT_OK;
  } catch (value_error const& e) {
    return note(COHORT_WRONG_ARGUMENT, e.what());
  } catch (cohort::io_error const& e) {
    return note(COHORT_FILE, e.what());
  } catch (cohort::not_finite_error const& e) {
    return note(COHORT_NOT_FINITE, e.what());
  } catch (std::bad_alloc const&) {
    return note(COHORT_MEMORY, "there is not enough memory");
  } catch (std::exception const& e) {
    return note(COHORT_FAILED, e.what());
  } catch (...) {
    return note(COHORT_FAILED, "an exception without a message");
  }
}

/// What a call is given, by name.
struct argument {
  char const* name;
  void const* address;
};
void require_addresses(char const* function, std::initializer_list<argument> arguments) {
  for (auto const& [name, address] : arguments)
    if (!address) throw value_error(std::string(function) + ": " + name + " is NULL, expected an address");
}

/// A call of a learner, none of whose arguments may be NULL.
template <class F>
cohort_status call(char const* function, cohort_learner* learner, std::initializer_list<argument> arguments,
                   F f) noexcept {
  return guarded(learner, [&] {
    require_addresses(function, {{"learner", learner}});
    require_addresses(function, arguments);
    f(*learner->it);
  });
}

}  // namespace

cohort_status cohort_create(char const* environment, char const* algorithm, uint64_t seed, cohort_learner** learner) {
  if (learner) *learner = nullptr;
  return guarded(nullptr, [&] {
    require_addresses("cohort_create", {{"environment", environment}, {"algorithm", algorithm}, {"learner", learner}});
    *learner = new cohort_learner{host::make_learner(environment, algorithm, seed), {}};
  });
}
void cohort_destroy(cohort_learner* learner) { delete learner; }
char const* cohort_error(cohort_learner const* learner) {
  return (learner ? learner->error : error_without_learner).c_str();
}

cohort_status cohort_sizes(cohort_learner* learner, size_t* observations, int32_t* choices) {
  return call("cohort_sizes", learner, {{"observations", observations}, {"choices", choices}},
              [&](host::learner const& it) { *observations = size_t(it.observations()), *choices = it.choices(); });
}

cohort_status cohort_reset(cohort_learner* learner) {
  return call("cohort_reset", learner, {}, [](host::learner& it) { it.reset(); });
}
cohort_status cohort_step(cohort_learner* learner, int32_t action, cohort_step_result* result) {
  return call("cohort_step", learner, {{"result", result}}, [&](host::learner& it) {
    auto const after = it.step(action);
    *result = {after.reward,
               after.terminated ? COHORT_TERMINATED : (after.truncated ? COHORT_TRUNCATED : COHORT_GOES_ON)};
  });
}
cohort_status cohort_observe(cohort_learner* learner, double* observation, size_t size) {
  return call("cohort_observe", learner, {{"observation", observation}},
              [&](host::learner const& it) { it.observe({observation, size}); });
}

cohort_status cohort_act(cohort_learner* learner, double const* observation, size_t size, int32_t* action) {
  return call("cohort_act", learner, {{"observation", observation}, {"action", action}},
              [&](host::learner& it) { *action = it.act({observation, size}); });
}
cohort_status cohort_best(cohort_learner* learner, double const* observation, size_t size, int32_t* action) {
  return call("cohort_best", learner, {{"observation", observation}, {"action", action}},
              [&](host::learner& it) { *action = it.best({observation, size}); });
}

cohort_status cohort_train(cohort_learner* learner, double milliseconds, int* updated) {
  return call("cohort_train", learner, {{"updated", updated}},
              [&](host::learner& it) { *updated = it.train_for(milliseconds); });
}
cohort_status cohort_report(cohort_learner* learner, cohort_report_data* report) {
  return call("cohort_report", learner, {{"report", report}}, [&](host::learner const& it) {
    if (report->size < sizeof *report)
      throw value_error("cohort_report: report->size is " + std::to_string(report->size) +
                        ", expected sizeof(cohort_report_data), " + std::to_string(sizeof *report));
    auto const r = it.report();
    *report = {report->size, r.steps, r.episodes, r.updates, r.mean_return, r.seconds};
  });
}

cohort_status cohort_save(cohort_learner* learner, char const* path) {
  return call("cohort_save", learner, {{"path", path}}, [&](host::learner& it) { it.save(path); });
}
cohort_status cohort_load(cohort_learner* learner, char const* path) {
  return call("cohort_load", learner, {{"path", path}},
              [&](host::learner& it) { it.load(std::filesystem::path(path)); });
}
cohort_status cohort_save_memory(cohort_learner* learner, void* buffer, size_t capacity, size_t* size) {
  return call("cohort_save_memory", learner, {{"size", size}}, [&](host::learner& it) {
    auto const bytes = it.saved_bytes();
    *size = bytes.size();
    if (!buffer) return;
    if (capacity < bytes.size())
      throw value_error("cohort_save_memory: capacity is " + std::to_string(capacity) + ", expected " +
                        std::to_string(bytes.size()) + " or more");
    std::memcpy(buffer, bytes.data(), bytes.size());
  });
}
cohort_status cohort_load_memory(cohort_learner* learner, void const* buffer, size_t size) {
  return call("cohort_load_memory", learner, {{"buffer", buffer}}, [&](host::learner& it) {
    it.load(std::span<std::byte const>(static_cast<std::byte const*>(buffer), size));
  });
}
