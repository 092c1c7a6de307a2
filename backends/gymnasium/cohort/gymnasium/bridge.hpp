#pragma once
#include <pybind11/eval.h>
#include <pybind11/numpy.h>

#include <atomic>
#include <cohort/environment/space.hpp>
#include <cohort/gymnasium/bridge_source.hpp>
#include <cohort/gymnasium/copying_source.hpp>
#include <cohort/gymnasium/python.hpp>
#include <cohort/gymnasium/vector_source.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium {

/// What gymnasium.make is given besides the name: {"continuous", true}, {"obs_type", "ram"}.
using argument = std::pair<std::string, std::variant<bool, std::int64_t, double, std::string>>;

struct make_options {
  std::vector<argument> arguments{};
  /// Two functions of Python's, "module:name", where the environment needs ways of its own to be copied: `capture(env)`
  /// gives what `restore(env, captured)` puts into another instance.
  std::string capture{}, restore{};
  std::filesystem::path virtual_environment{};  ///< whose packages are used; VIRTUAL_ENV where there is none
  int processes = 0;                            ///< in which the episodes are played, at once; 0: in this one
  double timeout = 60;                          ///< seconds in which such a process has to answer; 0 waits for ever
  bool asynchronous = false;  ///< rollouts of `lanes` wait for no lane's step but its own (on_threads); with processes

  void check() const {
    cohort::detail::require(processes >= 0 && processes <= 1024, "make_options", "processes", processes, "0 to 1024");
    cohort::detail::require(timeout >= 0 && timeout <= 1e6, "make_options", "timeout", timeout, "0 to 1e6 seconds");
    cohort::detail::require(!asynchronous || processes > 1, "make_options", "processes", processes,
                            "2 or more with asynchronous");
    if (capture.empty() != restore.empty())
      throw value_error("gymnasium: of capture and restore both are needed or none");
  }
};

struct make_vec_options {
  std::vector<argument> arguments{};
  std::string mode{};  ///< "sync", "async" or "vector_entry_point"; what Gymnasium takes where there is none
  std::filesystem::path virtual_environment{};
};

namespace detail {

/// What all states of an environment have in common: its spaces, and the instances that none of them uses.
struct bridge {
  std::string name;
  python_object self;  ///< Bridge of bridge_source.hpp, or VectorBridge
  python_object take, give, bool_type, observation_space, action_type, float32;
  std::string kind;  ///< of actions
  std::vector<std::ptrdiff_t> action_shape, observation_shape;
  std::vector<int> first_choice;
  std::size_t action_size = 1;
  std::ptrdiff_t choices_shown = 0;  ///< of a discrete observation, which is shown as zeros and a one; else 0
  std::int64_t first_shown = 0;
  bool plain = false;  ///< observations are arrays already
  std::atomic<std::int64_t> replayed = 0;

  bridge(std::string id, make_options const& options) : name(std::move(id)) {
    options.check();
    start(options, {copying_source, bridge_source}, [&](py::object const& module, py::dict const& arguments) {
      return module.attr("Bridge")(name, arguments, options.capture, options.restore);
    });
  }
  /// Of so many lanes that are stepped in one call.
  bridge(std::string id, int lanes, make_vec_options const& options) : name(std::move(id)) {
    cohort::detail::require(lanes >= 1 && lanes <= 1 << 24, "gymnasium::make_vec", "lanes", lanes, "1 to 16777216");
    start(options, {copying_source, bridge_source, vector_source},
          [&](py::object const& module, py::dict const& arguments) {
            return module.attr("VectorBridge")(name, arguments, options.mode, lanes);
          });
  }
  bridge(bridge const&) = delete;
  bridge& operator=(bridge const&) = delete;

  /// Numbers of an action as Gymnasium's action.
  template <class Number>
  py::object action_of(std::span<Number const> numbers) const {
    if (kind == "Discrete") return py::int_(int(numbers[0]) + first_choice[0]);
    using element = std::conditional_t<std::is_same_v<Number, float>, float, std::int64_t>;
    py::array_t<element> array(action_shape);
    element* to = array.mutable_data();
    for (std::size_t d = 0; d < numbers.size(); ++d) {
      to[d] = element(numbers[d]);
      if constexpr (!std::is_same_v<Number, float>) to[d] += first_choice[d];
    }
    if (array.dtype().is(action_type())) return array;
    return array.attr("astype")(action_type());
  }

  /// The steps after which Gymnasium cuts an episode; 0 for never.
  int limit() const {
    return in_python([&] { return "gymnasium: " + name; }, [&] { return py::cast<int>(self().attr("limit")); });
  }

  /// The mean return from which on Gymnasium counts it as solved, where it has one.
  std::optional<double> reward_threshold() const {
    return in_python([&] { return "gymnasium: " + name; },
                     [&]() -> std::optional<double> {
                       py::object const threshold = self().attr("reward_threshold");
                       if (threshold.is_none()) return {};
                       return py::cast<double>(threshold);
                     });
  }

  /// The way in which copies are made, proved; raises environment_error where there is none.
  std::string way() {
    python_lock lock;
    auto const place = [&] { return name + ", while the ways of copying it are tried"; };
    if (way_.empty())
      in_python(place, [&] {
        way_ = py::cast<std::string>(self().attr("prove")());
        if (!way_.empty()) return;
        std::string faults;
        for (auto [tried, fault] : py::dict(self().attr("faults")))
          if (py::len(fault)) faults += "\n  " + py::cast<std::string>(tried) + ": " + py::cast<std::string>(fault);
        throw environment_error(
            name + " cannot be copied in mid-episode, which groups, probes and vine need:" + faults +
            "\nexpected copies that step as the original does; make_options.capture and restore name "
            "two functions of your own");
      });
    return way_;
  }
  /// The way that was proved elsewhere.
  void adopt(std::string const& way) {
    if (way_ == way) return;
    python_lock lock;
    self().attr("way") = way_ = way;
  }
  /// Raises environment_error where a seed and actions do not fix an episode.
  void require_replay() {
    auto const place = [&] { return name + ", before its episodes are saved"; };
    in_python(place, [&] {
      auto const fault = py::cast<std::string>(self().attr("faults").attr("get")("replay", ""));
      if (!fault.empty())
        throw environment_error(name + " cannot be saved in mid-episode: its seed and actions do not fix an episode (" +
                                fault + ")");
    });
  }

 private:
  template <class Options, class Make>
  void start(Options const& options, std::initializer_list<char const*> sources, Make const& make) {
    start_python(options.virtual_environment);
    auto const missing = [] {
      return "gymnasium: `import gymnasium` fails, and the packages are those of the virtual environment that "
             "VIRTUAL_ENV or make_options.virtual_environment names, else the system's";
    };
    in_python(missing, [] { py::module_::import("gymnasium"); });
    in_python([&] { return "gymnasium: " + name; },
              [&] {
                auto const module = py::module_::import("types").attr("ModuleType")("cohort_bridge");
                for (char const* source : sources) py::exec(source, module.attr("__dict__"));
                py::dict arguments;
                for (auto const& [key, value] : options.arguments)
                  arguments[key.c_str()] = std::visit([](auto const& v) -> py::object { return py::cast(v); }, value);
                self = make(module, arguments);
                describe();
              });
  }
  void describe() {
    take = self().attr("take"), give = self().attr("give"), observation_space = self().attr("observation_space");
    bool_type = py::module_::import("numpy").attr("bool_");
    float32 = py::dtype::of<float>();
    kind = py::cast<std::string>(self().attr("kind"));
    plain = py::cast<bool>(self().attr("plain"));
    observation_shape = extents(plain ? observation_space() : py::handle(self().attr("flat_space")));
    choices_shown = py::cast<std::ptrdiff_t>(self().attr("choices_shown"));
    first_shown = py::cast<std::int64_t>(self().attr("first_shown"));
    if (kind != "Discrete") {
      action_type = py::dtype(self().attr("action_space").attr("dtype"));
      action_shape = extents(self().attr("action_space"));
      for (auto n : action_shape) action_size *= std::size_t(n);
    }
    if (kind != "Box") first_choice = numbers<int>("first_choice");
  }
  static std::vector<std::ptrdiff_t> extents(py::handle space) {
    std::vector<std::ptrdiff_t> all;
    for (py::handle n : space.attr("shape")) all.push_back(py::cast<std::ptrdiff_t>(n));
    return all;
  }

 public:
  template <class T>
  std::vector<T> numbers(char const* member) const {
    auto const array = py::array_t < T, py::array::c_style | py::array::forcecast > (self().attr(member));
    return {array.data(), array.data() + array.size()};
  }

 private:
  std::string way_;
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE::gymnasium
