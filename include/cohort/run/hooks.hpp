#pragma once
#include <cohort/describe/type_name.hpp>
#include <cohort/error.hpp>
#include <cohort/run/train_report.hpp>
#include <concepts>
#include <exception>
#include <string>
#include <type_traits>

// How hooks are found and called.

namespace COHORT_NAMESPACE::detail {

/// A hook's type; lambdas have no name that says anything.
template <class H>
std::string hook_name() {
  std::string name = type_name<std::remove_cvref_t<H>>();
  return name.find("lambda") == name.npos ? name : "(a function)";
}

/// A call of a hook without its types. What it returns is whether to stop; nothing is no.
struct hook_call {
  std::string (*name)();
  void const* object;
  bool (*run)(void const*);

  template <class H, class F>
  static hook_call of(F const& call) {
    return {&hook_name<H>, &call, [](void const* object) {
              F const& f = *static_cast<F const*>(object);
              if constexpr (std::is_void_v<decltype(f())>) return f(), false;
              else return bool(f());
            }};
  }
};

/// What a hook throws goes on with the hook's name and the update before its message: of Cohort's types as it was, any
/// other exception as a cohort_error that holds it (std::rethrow_if_nested).
[[gnu::noinline]] inline bool named(train_report const& report, hook_call const& hook) {
  auto const message = [&](std::exception const& e) {
    return "hook " + hook.name() + ", update " + std::to_string(report.updates) + ": " + e.what();
  };
  try {
    return hook.run(hook.object);
  } catch (value_error const& e) {
    std::throw_with_nested(value_error(message(e)));
  } catch (shape_error const& e) {
    std::throw_with_nested(shape_error(message(e)));
  } catch (environment_error const& e) {
    std::throw_with_nested(environment_error(message(e)));
  } catch (not_finite_error const& e) {
    std::throw_with_nested(not_finite_error(message(e)));
  } catch (io_error const& e) {
    std::throw_with_nested(io_error(message(e)));
  } catch (device_error const& e) {
    std::throw_with_nested(device_error(message(e)));
  } catch (std::exception const& e) {
    std::throw_with_nested(cohort_error(message(e)));
  }
}

/// Hooks are whatever has one of these functions, or is a function that is called after each update; on_update and that
/// may return true to stop the run. on_run is given the run itself, and is a template.
template <class H, class Run>
bool after_update(H& hook, Run& run) {
  train_report const& report = run.report();
  auto& policy = run.policy();
  auto answer = [&](auto const& call) { return named(report, hook_call::of<H>(call)); };
  if constexpr (requires { hook.on_run(run); }) return answer([&] { return hook.on_run(run); });
  else if constexpr (requires { hook.on_update(report, policy); })
    return answer([&] { return hook.on_update(report, policy); });
  else if constexpr (requires { hook.on_update(report); }) return answer([&] { return hook.on_update(report); });
  else if constexpr (requires { hook(report, policy); }) return answer([&] { return hook(report, policy); });
  else if constexpr (requires { hook(report); }) return answer([&] { return hook(report); });
  else return false;
}
template <class H, class Run>
void at_start(H& hook, Run& run) {
  train_report const& report = run.report();
  auto tell = [&](auto const& call) { named(report, hook_call::of<H>(call)); };
  if constexpr (requires { hook.on_start(report, run.policy()); }) tell([&] { hook.on_start(report, run.policy()); });
  else if constexpr (requires { hook.on_start(report); }) tell([&] { hook.on_start(report); });
}
template <class H, class Run>
void at_end(H& hook, train_report const& report, Run& run) {
  auto tell = [&](auto const& call) { named(report, hook_call::of<H>(call)); };
  if constexpr (requires { hook.on_run_end(run); }) tell([&] { hook.on_run_end(run); });
  else if constexpr (requires { hook.on_end(report, run.policy()); }) tell([&] { hook.on_end(report, run.policy()); });
  else if constexpr (requires { hook.on_end(report); }) tell([&] { hook.on_end(report); });
}

template <class H, class P>
concept any_hook =
    requires(H h, train_report const& r, P& p) { h.on_update(r, p); } ||
    requires(H h, train_report const& r) { h.on_update(r); } ||
    requires(H h, train_report const& r) { h.on_start(r); } ||
    requires(H h, train_report const& r, P& p) { h.on_start(r, p); } ||
    requires(H h, train_report const& r) { h.on_end(r); } ||
    requires(H h, train_report const& r, P& p) { h.on_end(r, p); } || std::invocable<H&, train_report const&> ||
    std::invocable<H&, train_report const&, P&> || requires { &H::template on_run<int>; };

}  // namespace COHORT_NAMESPACE::detail
