#include <cohort/erased/any_estimator.hpp>

#include "component.hpp"
#include "parameters.hpp"

namespace cohort::python {

namespace {

struct of_steps {
  nb::handle reward, value, next_value, terminated, truncated, valid;
  nb::object old_logp = nb::none(), sampler_logp = nb::none(), greedy_score = nb::none();
};

struct with_gamma_of_step {
  double lambda;
  invalid_steps invalid;
  template <class S, class... In>
  constexpr auto operator()(S next_advantage, S gamma, In... in) const {
    return cohort::detail::gae_step<double, S>{gamma, lambda, invalid}(next_advantage, in...);
  }
};

/// What estimators that go along series are told: arrays, and the estimator itself.
struct along_series {
  call& c;
  of_steps const& given;
  bool needs_critic;
  nb::object gammas = nb::none();  ///< of each step, in the place of the estimator's
  double lambda = 1;               ///< and what goes with them
  invalid_steps invalid = invalid_steps::skip;

  /// (advantage, target)
  nb::tuple operator()(in_both_types<any_estimator> const& estimator) {
    return c.with_type({{given.reward, "reward"},
                        {given.value, "value"},
                        {given.next_value, "next_value"},
                        {given.old_logp, "old_logp"},
                        {given.sampler_logp, "sampler_logp"},
                        {given.greedy_score, "greedy_score"},
                        {gammas, "gamma"}},
                       [&]<class T>(T) { return in_type<T>(estimator.in<T>()); });
  }

 private:
  template <class T>
  nb::tuple in_type(any_estimator<eigen::basic_backend<T>> const& estimator) {
    batch_view<T> b;
    std::vector<std::int32_t> offsets;
    b.reward = c.numbers<T>(given.reward, "reward");
    if (!b.reward) c.refuse("reward is None, expected an array");
    b.value = c.numbers<T>(given.value, "value");
    b.next_value = c.numbers<T>(given.next_value, "next_value");
    b.terminated = c.flags(given.terminated, "terminated");
    b.truncated = c.flags(given.truncated, "truncated");
    b.valid = c.flags(given.valid, "valid");
    b.old_logp = c.numbers<T>(given.old_logp, "old_logp");
    b.sampler_logp = c.numbers<T>(given.sampler_logp, "sampler_logp");
    std::ptrdiff_t M = c.shape().size(), N = c.shape().series;
    if (!given.greedy_score.is_none()) b.greedy_score = c.numbers_of_series<T>(given.greedy_score, "greedy_score", N);
    if (needs_critic && !b.value) c.refuse("value is None, expected an array like reward");
    if (needs_critic && !b.next_value) c.refuse("next_value is None, expected an array like reward");
    std::vector<std::uint8_t> never(b.terminated && b.truncated ? 0 : std::size_t(M));
    view<std::uint8_t const> none{never.data(), M};
    if (!b.terminated) b.terminated = none;
    if (!b.truncated) b.truncated = none;
    b.series = c.series(offsets);
    result<T> advantage(c.shape()), target;
    if (b.value) target = result<T>(c.shape());
    std::vector<T> zeros, at_cuts;
    if (b.next_value && !b.value) {  // is what a series goes on with where it is cut off, and nothing else
      at_cuts = where_cut(b);
      zeros.resize(std::size_t(M));
      b.next_value = {at_cuts.data(), M}, b.value = {zeros.data(), M};
    }
    if (gammas.is_none()) estimator(backend<T>(), b, {advantage.numbers, target.numbers});
    else with_gammas(b, {advantage.numbers, target.numbers});
    return nb::make_tuple(advantage.array, target.array.is_valid() ? target.array : nb::none());
  }

  /// The next values where a series was truncated, and at its last step.
  template <class T>
  std::vector<T> where_cut(batch_view<T> const& b) const {
    std::vector<T> found(std::size_t(c.shape().size()), T(0));
    for (std::ptrdiff_t n = 0; n < c.shape().series; ++n)
      for (std::ptrdiff_t t = c.shape().steps, seen = 0; t-- > 0;) {
        std::ptrdiff_t i = c.shape().at(n, t);
        if (b.valid && !b.valid[i] && invalid == invalid_steps::skip) continue;
        if (seen++ == 0 || b.truncated[i]) found[std::size_t(i)] = b.next_value[i];
      }
    return found;
  }

  /// gae with a gamma for each step; what has no critic is that with values of 0, less its baseline.
  template <class T>
  void with_gammas(batch_view<T> b, estimates<T> const& out) {
    auto& run = backend<T>();
    view<T const> gamma = c.numbers<T>(gammas, "gamma"), baseline = b.value, made = out.advantage;
    for (std::ptrdiff_t i = 0; i < gamma.rows; ++i)
      if (!(gamma[i] >= 0 && gamma[i] <= 1))
        throw value_error(std::string(c.name()) + ": a gamma is " + cohort::detail::text(double(gamma[i])) +
                          ", expected numbers in [0, 1]");
    std::vector<T> room(std::size_t(gamma.rows));
    view<T> zeros{room.data(), gamma.rows};
    bool has_critic = b.value && b.next_value;
    if (!has_critic) b.value = b.next_value = zeros;
    cohort::detail::scan_gae(run, b, out, c.name(), with_gamma_of_step{lambda, invalid}, gamma);
    if (b.greedy_score) run.broadcast_series(b.series, zeros, b.greedy_score), baseline = zeros;
    if (has_critic || !baseline) return;
    if (b.valid) run.map(outputs{out.advantage}, cohort::detail::difference{}, made, baseline, b.valid);
    else run.map(outputs{out.advantage}, cohort::detail::difference{}, made, baseline);
  }
};

/// Takes a gamma that is an array out of the keywords.
nb::object gammas_in(nb::kwargs& parameters) {
  if (!parameters.contains("gamma")) return nb::none();
  nb::object given = parameters["gamma"];
  bool is_array = !nb::isinstance<nb::str>(given) && PyObject_Length(given.ptr()) >= 0;
  PyErr_Clear();
  if (!is_array) return nb::none();
  PyDict_DelItemString(parameters.ptr(), "gamma");
  return given;
}

template <class E>
constexpr bool takes_gammas = std::is_same_v<E, gae> || std::is_same_v<E, monte_carlo> || std::is_same_v<E, remax>;

template <class E>
nb::tuple estimate_along(of_steps const& given, nb::kwargs parameters) {
  call c(E::notes.name);
  along_series along{c, given, (cohort::detail::needs_of<E>() & needs::critic) != 0};
  if constexpr (takes_gammas<E>) along.gammas = gammas_in(parameters);
  E e = with_parameters<E>(parameters);
  if constexpr (requires { e.invalid; }) along.invalid = e.invalid;
  if constexpr (std::is_same_v<E, gae>) along.lambda = e.lambda;
  if constexpr (std::is_same_v<E, monte_carlo>)
    if (given.next_value.is_none()) e.bootstrap = false;
  return along(in_both_types<any_estimator>(e));
}

/// Advantages that are given already.
struct as_given {
  template <cohort::backend B, class T = value_t<B>>
  void operator()(B& run, batch_view<T> const& batch, estimates<T> const& out) const {
    run.map(outputs{out.advantage}, cohort::detail::same{}, batch.reward);
  }
};
nb::object whiten(char const* name, nb::handle x, nb::handle valid, whitened<as_given> const& how) {
  call c(name);
  return c.with_type({{x, "x"}}, [&]<class T>(T) {
    batch_view<T> b;
    std::vector<std::int32_t> offsets;
    b.reward = c.numbers<T>(x, "x");
    if (!b.reward) c.refuse("x is None, expected an array");
    b.valid = c.flags(valid, "valid");
    b.series = c.series(offsets);
    result<T> out(c.shape());
    how(backend<T>(), b, {out.numbers, {}});
    return out.array;
  });
}

constexpr char const* steps_in_words =
    "(advantage, target), arrays like reward; target is None where there is no value. Arrays are [series, step], "
    "transposes of [step, series] are the faster ones.\nnext_value is the value of the true observation after the "
    "step. Of steps that are not valid nothing is read, and both are 0.\n\n";
template <class E>
void add_along(nb::module_& m) {
  auto none = nb::none();
  char const* gammas = takes_gammas<E> ? "gamma may be an array with one for each step.\n\n" : "";
  std::string doc = documentation<E>(std::string(steps_in_words) + gammas);
  if constexpr (std::is_same_v<E, v_trace>)
    m.def(
        E::notes.name,
        [](nb::handle reward, nb::handle value, nb::handle next_value, nb::object old_logp, nb::object sampler_logp,
           nb::handle terminated, nb::handle truncated, nb::kwargs parameters) {
          return estimate_along<E>(
              {reward, value, next_value, terminated, truncated, nb::handle(Py_None), old_logp, sampler_logp},
              parameters);
        },
        nb::arg("reward").none(), nb::arg("value").none(), nb::arg("next_value").none(), nb::arg("old_logp"),
        nb::arg("sampler_logp"), nb::arg("terminated") = none, nb::arg("truncated") = none, nb::arg("parameters"),
        doc.c_str());
  else if constexpr (std::is_same_v<E, remax>)
    m.def(
        E::notes.name,
        [](nb::handle reward, nb::object greedy_score, nb::handle terminated, nb::handle truncated, nb::handle valid,
           nb::kwargs parameters) {
          nb::handle absent(Py_None);
          return estimate_along<E>(
              {reward, absent, absent, terminated, truncated, valid, nb::none(), nb::none(), greedy_score}, parameters);
        },
        nb::arg("reward").none(), nb::arg("greedy_score"), nb::arg("terminated") = none, nb::arg("truncated") = none,
        nb::arg("valid") = none, nb::arg("parameters"), doc.c_str());
  else
    m.def(
        E::notes.name,
        [](nb::handle reward, nb::handle value, nb::handle next_value, nb::handle terminated, nb::handle truncated,
           nb::handle valid, nb::kwargs parameters) {
          return estimate_along<E>({reward, value, next_value, terminated, truncated, valid}, parameters);
        },
        nb::arg("reward").none(), nb::arg("value") = none, nb::arg("next_value") = none, nb::arg("terminated") = none,
        nb::arg("truncated") = none, nb::arg("valid") = none, nb::arg("parameters"), doc.c_str());
}

}  // namespace

void add_advantages(nb::module_& m) {
  auto along = [&]<class E>(E const&) {
    if constexpr (!(cohort::detail::needs_of<E>() & needs::groups)) add_along<E>(m);
  };
  std::apply([&](auto const&... e) { (along(e), ...); }, catalogue::critic_estimators{});
  along(remax{});
  m.def(
      "standardize",
      [](nb::handle x, nb::handle valid, nb::kwargs parameters) {
        return whiten("standardize", x, valid, {.how = with_parameters<standardize>(parameters)});
      },
      nb::arg("x"), nb::arg("valid") = nb::none(), nb::arg("parameters"),
      documentation<standardize>("Over the valid elements; 0 at the others.\n\n").c_str());
  using white = whitened<as_given>;
  m.def(
      "whitened",
      [](nb::handle x, nb::handle valid, nb::kwargs parameters) {
        return whiten("whitened", x, valid, with_parameters<white>(parameters));
      },
      nb::arg("x"), nb::arg("valid") = nb::none(), nb::arg("parameters"),
      documentation<white>("Advantages [series, step], over their valid steps, or over series, each of which counts as "
                           "one whatever its length; 0 at the other steps.\n\n")
          .c_str());
}

}  // namespace cohort::python
