#include "../program/exit_status.hpp"
#include "runs.hpp"

#ifdef COHORT_GYMNASIUM
#include <cohort/gymnasium/make.hpp>
#endif

namespace cli {

cohort::any_environment gymnasium_environment(std::string const& name,
                                              [[maybe_unused]] std::vector<cohort::setting> const& parameters) {
#ifdef COHORT_GYMNASIUM
  cohort::gymnasium::make_options options;
  int limit = -1;
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
  auto const made = [&] {
    try {
      return cohort::gymnasium::make(name.substr(name.find(':') + 1), options);
    } catch (cohort::environment_error const& e) {  // whose traceback is of the bridge
      std::string const what = e.what();
      throw program::usage_error(what.substr(0, what.find("\nTraceback")));
    }
  }();
  auto e = made.visit([&](auto const& known) { return cohort::any_environment(known, name); });
  if (limit >= 0) e.max_episode_steps(limit);
  return e;
#else
  throw program::usage_error(
      name + " needs this program built with the component gymnasium (Debian, Ubuntu: python3-dev, pybind11-dev)");
#endif
}

}  // namespace cli
