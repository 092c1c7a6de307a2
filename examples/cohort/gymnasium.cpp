#include "../program/exit_status.hpp"
#include "runs.hpp"

#ifdef COHORT_GYMNASIUM
#include <cohort/gymnasium/make.hpp>

#include <cstdlib>
#endif

namespace cli {

#ifdef COHORT_GYMNASIUM
namespace {

/// f(), whose errors are told without the traceback, which is of the bridge.
template <class Error, class F>
auto told_shortly(F f) {
  try {
    return f();
  } catch (cohort::gymnasium::python_error const& e) {
    std::string const what = e.what();
    throw Error(what.substr(0, what.rfind("\n" + e.traceback)));
  } catch (cohort::environment_error const& e) {
    throw Error(e.what());
  }
}

cohort::gymnasium::any_environment made(std::string const& name, cohort::gymnasium::make_options const& options) {
  return told_shortly<program::usage_error>(
      [&] { return cohort::gymnasium::make(name.substr(name.find(':') + 1), options); });
}

struct arguments {
  // In a process of its own, so that a simulator that crashes or hangs is told; with.processes = 0 has it in this one.
  cohort::gymnasium::make_options options{.processes = 1};
  int limit = -1;

  explicit arguments(std::vector<cohort::setting> const& parameters) {
    for (auto const& p : parameters)
      if (p.name == "max_episode_steps") cohort::detail::write_parameter<int>(p.name, &limit, p.value);
      else if (p.name == "processes") cohort::detail::write_parameter<int>(p.name, &options.processes, p.value);
      else if (p.name == "asynchronous") cohort::detail::write_parameter<bool>(p.name, &options.asynchronous, p.value);
      else if (p.name == "timeout") cohort::detail::write_parameter<double>(p.name, &options.timeout, p.value);
      else
        std::visit(
            [&]<class V>(V const& x) {
              if constexpr (!std::is_same_v<V, double>) options.arguments.push_back({p.name, x});
              else if (x == double(std::int64_t(x))) options.arguments.push_back({p.name, std::int64_t(x)});
              else options.arguments.push_back({p.name, x});
            },
            p.value);
  }
  cohort::any_environment limited(cohort::any_environment e) const {
    if (limit >= 0) e.max_episode_steps(limit);
    return e;
  }
};

/// An environment that shows every state to which it comes.
template <class E>
struct showing : E {
  rendering how;
  double rate = E::render_rate();
  showing(E const& e, rendering r) : E(e), how(std::move(r)) {}

  auto reset(cohort::random_stream& draws) const {
    auto s = E::reset(draws);
    show(s);
    return s;
  }
  template <class Action>
  cohort::outcome step(typename E::state& s, Action const& action) const {
    auto const out = E::step(s, action);
    show(s);
    return out;
  }

 private:
  void show(typename E::state const& s) const {
    how(told_shortly<std::runtime_error>([&] { return E::render(s); }), rate);
  }
};

}  // namespace

chosen_environment gymnasium_environment(std::string const& name, std::vector<cohort::setting> const& parameters) {
  arguments const with(parameters);
  return made(name, with.options).visit([&](auto const& e) -> chosen_environment {
    return {with.limited(cohort::any_environment(e, name)), e.reward_threshold()};
  });
}

cohort::any_environment rendered_environment(std::string const& name, std::vector<cohort::setting> const& parameters,
                                             rendering how) {
  // pygame greets on stdout, and looks for a screen, which nothing here needs.
  ::setenv("PYGAME_HIDE_SUPPORT_PROMPT", "1", 0), ::setenv("SDL_VIDEODRIVER", "dummy", 0);
  arguments with(parameters);
  with.options.processes = 0, with.options.asynchronous = false;
  // Asked of one that renders nothing, since Gymnasium warns on stderr of a mode that there is not.
  made(name, with.options).visit([](auto const& e) { e.render_rate(); });
  std::erase_if(with.options.arguments, [](auto const& a) { return a.first == "render_mode"; });
  with.options.arguments.push_back({"render_mode", std::string("rgb_array")});
  return with.limited(made(name, with.options).visit([&]<class E>(E const& e) {
    return cohort::any_environment(showing<E>(e, std::move(how)), name);
  }));
}
#else
namespace {

[[noreturn]] void refuse(std::string const& name) {
  throw program::usage_error(
      name + " needs this program built with the component gymnasium (Debian, Ubuntu: python3-dev, pybind11-dev)");
}

}  // namespace

chosen_environment gymnasium_environment(std::string const& name, std::vector<cohort::setting> const&) { refuse(name); }
cohort::any_environment rendered_environment(std::string const& name, std::vector<cohort::setting> const&, rendering) {
  refuse(name);
}
#endif

}  // namespace cli
