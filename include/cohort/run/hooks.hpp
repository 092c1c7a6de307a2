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

/// What a hook throws goes on with the hook's name and the update before its message: of Cohort's types as it was, any
/// other exception as a cohort_error that holds it (std::rethrow_if_nested).
template <class H, class F>
decltype(auto) named(train_report const& report, F call) {
  auto const again = [&]<class X>(X const& e) {
    std::throw_with_nested(
        X("hook " + hook_name<H>() + ", update " + std::to_string(report.updates) + ": " + e.what()));
  };
  try {
    return call();
  } catch (value_error const& e) {
    again(e);
  } catch (shape_error const& e) {
    again(e);
  } catch (environment_error const& e) {
    again(e);
  } catch (not_finite_error const& e) {
    again(e);
  } catch (io_error const& e) {
    again(e);
  } catch (device_error const& e) {
    again(e);
  } catch (std::exception const& e) {
    again(cohort_error(e.what()));
  }
  throw;  // is not reached
}

/// Hooks are whatever has one of these functions, or is a function that is called after each update; on_update and that
/// may return true to stop the run. on_run is given the run itself, and is a template.
template <class H, class Run>
bool after_update(H& hook, Run& run) {
  train_report const& report = run.report();
  auto& policy = run.policy();
  auto answer = [&](auto call) {
    return named<H>(report, [&] {
      if constexpr (std::is_void_v<decltype(call())>) return call(), false;
      else return bool(call());
    });
  };
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
  if constexpr (requires { hook.on_start(report, run.policy()); })
    named<H>(report, [&] { hook.on_start(report, run.policy()); });
  else if constexpr (requires { hook.on_start(report); }) named<H>(report, [&] { hook.on_start(report); });
}
template <class H, class Run>
void at_end(H& hook, train_report const& report, Run& run) {
  if constexpr (requires { hook.on_run_end(run); }) named<H>(report, [&] { hook.on_run_end(run); });
  else if constexpr (requires { hook.on_end(report, run.policy()); })
    named<H>(report, [&] { hook.on_end(report, run.policy()); });
  else if constexpr (requires { hook.on_end(report); }) named<H>(report, [&] { hook.on_end(report); });
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
