#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>
#include <type_traits>

#include "make_lanes.hpp"

// The environments for cohort/gymnasium.py, which allocates what is written here.

namespace cohort::python {

namespace {

template <class T>
using block = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

template <class T>
std::span<T> numbers(block<T> const& a, std::ptrdiff_t expected, char const* what) {
  if (std::ptrdiff_t(a.size()) != expected)
    throw shape_error(std::string("environments: ") + what + " has " + std::to_string(a.size()) +
                      " elements, expected " + std::to_string(expected));
  return {a.data(), a.size()};
}
void copy(std::span<float const> from, block<float> const& to, char const* what) {
  auto const all = numbers(to, std::ptrdiff_t(from.size()), what);
  std::copy(from.begin(), from.end(), all.begin());
}
std::ptrdiff_t count(environment_lanes const& e) { return e.lanes(); }

template <class Number>
int step(environment_lanes& e, block<Number const> const& actions, block<float> const& seen,
         block<double> const& reward, block<bool> const& terminated, block<bool> const& truncated) {
  auto const A = std::ptrdiff_t(e.spaces().actions.size());
  if (e.discrete() != std::is_same_v<Number, std::int64_t>)
    throw value_error("environments: actions are of another kind");
  numbers(seen, std::ptrdiff_t(e.seen().size()), "seen");
  int const ended = e.step(numbers(actions, count(e) * A, "actions"), numbers(reward, count(e), "reward"),
                           numbers(terminated, count(e), "terminated"), numbers(truncated, count(e), "truncated"));
  copy(e.seen(), seen, "seen");
  return ended;
}

void reset(environment_lanes& e, environment_lanes::seeds const& seeds, std::optional<block<bool const>> const& which,
           block<float> const& seen) {
  if (std::ptrdiff_t(seeds.size()) != count(e)) throw shape_error("environments: a seed for each lane was expected");
  std::optional<std::span<bool const>> some;
  if (which) some = numbers(*which, count(e), "which");
  e.reset(seeds, some);
  copy(e.seen(), seen, "seen");
}

std::unique_ptr<environment_lanes> make(std::string const& name, std::string const& where, nb::dict parameters,
                                        std::string const& precision, int lanes, int limit, bool own_limit,
                                        std::string const& mode, std::uint64_t seed) {
  environment_lanes::options const o{where,
                                     lanes,
                                     limit,
                                     own_limit,
                                     mode == "NextStep"   ? autoreset::next_step
                                     : mode == "SameStep" ? autoreset::same_step
                                                          : autoreset::disabled,
                                     seed};
  if (precision != "float32" && precision != "float64")
    throw value_error(where + ": precision is '" + precision + "', expected 'float32' or 'float64'");
  return precision == "float32" ? make_lanes<float>(name, parameters, o) : make_lanes<double>(name, parameters, o);
}

}  // namespace

void add_environments(nb::module_& m) {
  m.def("_environments", [] {
    nb::list all;
    cohort::detail::each_named_environment(
        [&](char const* name, auto const& e, auto) { all.append(nb::make_tuple(name, episode_limit(e))); });
    return all;
  });
  m.def("_make_lanes", &make);
  auto spaces = [](environment_lanes const& e) {
    auto const& s = e.spaces();
    return nb::make_tuple(s.observations.low, s.observations.high, s.actions.n, s.actions.low, s.actions.high);
  };
  nb::class_<environment_lanes>(m, "_EnvironmentLanes")
      .def("spaces", spaces)
      .def_prop_ro("lanes", &environment_lanes::lanes)
      .def_prop_ro("numbers_of_state", &environment_lanes::numbers_of_state)
      .def("reset", &reset, nb::arg("seeds"), nb::arg("which").none(), nb::arg("seen"))
      .def("step_choices", &step<std::int64_t>)
      .def("step_numbers", &step<float>)
      .def("final", [](environment_lanes const& e, block<float> const& to) { copy(e.final(), to, "final"); })
      .def("states",
           [](environment_lanes const& e, block<double> const& to) {
             std::ptrdiff_t const F = e.numbers_of_state();
             auto const all = numbers(to, count(e) * F, "states");
             for (std::ptrdiff_t i = 0; i < count(e) * F; ++i) all[std::size_t(i)] = e.state(int(i / F), int(i % F));
           })
      .def("set_states",
           [](environment_lanes& e, block<double const> const& from) {
             e.states(numbers(from, count(e) * e.numbers_of_state(), "states"));
           })
      .def("__copy__", &environment_lanes::clone)
      .def("__deepcopy__", [](environment_lanes const& e, nb::handle) { return e.clone(); });
}

}  // namespace cohort::python
