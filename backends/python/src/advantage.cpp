#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/v_trace.hpp>

#include "arrays.hpp"
#include "parameters.hpp"

namespace cohort::python {

namespace {

struct of_steps {
  nb::handle reward, value, next_value, terminated, truncated, valid, old_logp, sampler_logp;
};

/// Estimators that go along series: (advantage, target).
template <class E>
nb::tuple along(char const* name, E const& estimator, of_steps const& given, bool needs_critic = true) {
  call c(name);
  any_array first = c.array(given.reward, "reward");
  return with_type(c, first, "reward", [&]<class T>(T) {
    batch_view<T> b;
    std::vector<std::int32_t> offsets;
    b.reward = c.numbers<T>(given.reward, "reward");
    b.value = c.numbers<T>(given.value, "value");
    b.next_value = c.numbers<T>(given.next_value, "next_value");
    b.terminated = c.flags(given.terminated, "terminated");
    b.truncated = c.flags(given.truncated, "truncated");
    b.valid = c.flags(given.valid, "valid");
    b.old_logp = c.numbers<T>(given.old_logp, "old_logp");
    b.sampler_logp = c.numbers<T>(given.sampler_logp, "sampler_logp");
    if (needs_critic && !b.value) c.refuse("value is None, expected an array like reward");
    if (needs_critic && !b.next_value) c.refuse("next_value is None, expected an array like reward");
    std::vector<std::uint8_t> never(b.terminated && b.truncated ? 0 : std::size_t(c.shape().size()));
    view<std::uint8_t const> none{never.data(), c.shape().size()};
    if (!b.terminated) b.terminated = none;
    if (!b.truncated) b.truncated = none;
    b.series = c.series(offsets);
    result<T> advantage(c.shape()), target;
    if (b.value) target = result<T>(c.shape());
    estimator(backend<T>(), b, {advantage.numbers, target.numbers});
    return nb::make_tuple(advantage.array, target.array.is_valid() ? target.array : nb::none());
  });
}

/// Estimators that compare the scores of a group: an advantage for each series. `group` is the size of all groups, or
/// the number of each series' group, equal ones next to each other.
template <class E>
nb::object within(char const* name, E const& estimator, nb::handle score, nb::handle group, nb::handle length = {}) {
  call c(name);
  any_array first = c.array(score, "score");
  return with_type(c, first, "score", [&]<class T>(T) -> nb::object {
    auto scores = c.vector<T>(score, "score");
    std::ptrdiff_t N = scores.rows;
    std::vector<std::int32_t> groups = c.groups(group, N), offsets{0};
    std::vector<T> reward;
    if (length.is_valid() && !length.is_none()) {
      auto lengths = c.integers(length, "length");
      if (std::ptrdiff_t(lengths.size()) != N)
        c.refuse("length has " + std::to_string(lengths.size()) + " elements, expected one for each of the " +
                 std::to_string(N) + " scores");
      for (std::ptrdiff_t n = 0; n < N; ++n) {
        if (lengths[std::size_t(n)] < 1 || lengths[std::size_t(n)] > 1 << 24)
          throw value_error(std::string(name) + ": length[" + std::to_string(n) + "] is " +
                            std::to_string(lengths[std::size_t(n)]) + ", expected a number of steps from 1 to 2^24");
        reward.resize(reward.size() + std::size_t(lengths[std::size_t(n)]), T(0));
        reward.back() = scores[n];
        offsets.push_back(std::int32_t(reward.size()));
      }
    } else {
      for (std::ptrdiff_t n = 1; n <= N; ++n) offsets.push_back(std::int32_t(n));
      reward.assign(scores.data, scores.data + N);
    }
    std::ptrdiff_t M = std::ptrdiff_t(reward.size()), longest = 0;
    std::vector<std::uint8_t> ends(std::size_t(M), 0), never(std::size_t(M), 0);
    for (std::ptrdiff_t n = 0; n < N; ++n) {
      ends[std::size_t(offsets[std::size_t(n + 1)] - 1)] = 1;
      longest = std::max<std::ptrdiff_t>(longest, offsets[std::size_t(n + 1)] - offsets[std::size_t(n)]);
    }
    batch_view<T> b;
    b.reward = {reward.data(), M};
    b.terminated = {ends.data(), M};
    b.truncated = {never.data(), M};
    b.series = partition::segments({offsets.data(), N + 1}, M, longest);
    b.groups = partition::segments({groups.data(), std::ptrdiff_t(groups.size())}, N, 0);
    std::vector<T> by_step(std::size_t(M), T(0));
    estimator(backend<T>(), b, {view<T>(by_step.data(), M), {}});
    auto advantage = result<T>::vector(N);
    for (std::ptrdiff_t n = 0; n < N; ++n) advantage.numbers[n] = by_step[std::size_t(offsets[std::size_t(n)])];
    return advantage.array;
  });
}

nb::object whitened(nb::handle x, nb::handle valid, double epsilon, int ddof, bool divide) {
  call c("standardize");
  any_array first = c.array(x, "x");
  return with_type(c, first, "x", [&]<class T>(T) {
    auto from = c.numbers<T>(x, "x");
    auto flags = c.flags(valid, "valid");
    result<T> out(c.shape());
    backend<T>().map(outputs{out.numbers}, cohort::detail::same{}, from);
    standardize{.epsilon = epsilon, .ddof = ddof, .divide = divide}(backend<T>(), out.numbers, flags);
    if (flags) backend<T>().map(outputs{out.numbers}, cohort::detail::where_valid{}, view<T const>(out.numbers), flags);
    return out.array;
  });
}

}  // namespace

void add_advantages(nb::module_& m) {
  auto none = nb::none();
  m.def(
      "gae",
      [](nb::handle reward, nb::handle value, nb::handle next_value, nb::handle terminated, nb::handle truncated,
         nb::handle valid, double gamma, double lam, std::string const& invalid) {
        gae e{gamma, lam,
              choice<invalid_steps>("gae", "invalid", invalid,
                                    {{"skip", invalid_steps::skip}, {"decay", invalid_steps::decay}})};
        return along("gae", e, {reward, value, next_value, terminated, truncated, valid, nb::none(), nb::none()});
      },
      nb::arg("reward").none(), nb::arg("value").none(), nb::arg("next_value").none(), nb::arg("terminated") = none,
      nb::arg("truncated") = none, nb::arg("valid") = none, nb::kw_only(), nb::arg("gamma") = .99, nb::arg("lam") = .95,
      nb::arg("invalid") = "skip",
      "Generalized advantage estimation: (advantage, target), target = advantage + value.\n\ndelta_t = r_t + gamma (1 "
      "- terminated_t) V'_t - V_t,  A_t = delta_t + gamma lam (1 - terminated_t) (1 - truncated_t) "
      "A_{t+1}\n\nnext_value is the value of the true observation after the step. Arrays are [series, step] of float32 "
      "or float64; transposes of [step, series] are read as they\nare, and are the faster ones. Steps that are not "
      "valid are skipped, or decay (OpenRLHF).\n\nSource: Schulman et al. 2015, arXiv:1506.02438, eq. 16.");
  m.def(
      "monte_carlo",
      [](nb::handle reward, nb::handle value, nb::handle next_value, nb::handle terminated, nb::handle truncated,
         nb::handle valid, double gamma) {
        return along("monte_carlo", monte_carlo{.gamma = gamma, .bootstrap = !next_value.is_none()},
                     {reward, value, next_value, terminated, truncated, valid, nb::none(), nb::none()}, false);
      },
      nb::arg("reward").none(), nb::arg("value") = none, nb::arg("next_value") = none, nb::arg("terminated") = none,
      nb::arg("truncated") = none, nb::arg("valid") = none, nb::kw_only(), nb::arg("gamma") = .99,
      "What is still to come, less the value where there is one: (advantage, target). With next_value it bootstraps "
      "where a series is cut off.");
  m.def(
      "n_step",
      [](nb::handle reward, nb::handle value, nb::handle next_value, nb::handle terminated, nb::handle truncated,
         nb::handle valid, int n, double gamma) {
        return along("n_step", n_step{.n = n, .gamma = gamma},
                     {reward, value, next_value, terminated, truncated, valid, nb::none(), nb::none()});
      },
      nb::arg("reward").none(), nb::arg("value").none(), nb::arg("next_value").none(), nb::arg("terminated") = none,
      nb::arg("truncated") = none, nb::arg("valid") = none, nb::kw_only(), nb::arg("n") = 5, nb::arg("gamma") = .99,
      "r_t + ... + gamma^n V_{t+n} - V_t: (advantage, target).");
  m.def(
      "v_trace",
      [](nb::handle reward, nb::handle value, nb::handle next_value, nb::handle old_logp, nb::handle sampler_logp,
         nb::handle terminated, nb::handle truncated, double gamma, double lam, double rho, double c, double rho_pg) {
        return along("v_trace", v_trace{.gamma = gamma, .lambda = lam, .rho = rho, .c = c, .rho_pg = rho_pg},
                     {reward, value, next_value, terminated, truncated, nb::none(), old_logp, sampler_logp});
      },
      nb::arg("reward").none(), nb::arg("value").none(), nb::arg("next_value").none(), nb::arg("old_logp"),
      nb::arg("sampler_logp"), nb::arg("terminated") = none, nb::arg("truncated") = none, nb::kw_only(),
      nb::arg("gamma") = .99, nb::arg("lam") = 1., nb::arg("rho") = 1., nb::arg("c") = 1., nb::arg("rho_pg") = 1.,
      "V-trace, with the ratio exp(old_logp - sampler_logp): (advantage, target).\n\nSource: Espeholt et al. 2018, "
      "arXiv:1802.01561.");
  m.def(
      "group_relative",
      [](nb::handle score, nb::handle group, std::string const& baseline, std::string const& scale, int ddof,
         double epsilon, std::string const& rule, std::string const& single) {
        char const* name = "group_relative";
        group_relative e{.baseline = choice<group_baseline>(name, "baseline", baseline,
                                                            {{"mean", group_baseline::mean},
                                                             {"leave_one_out", group_baseline::leave_one_out},
                                                             {"none", group_baseline::none}}),
                         .scale = choice<group_scale>(name, "scale", scale,
                                                      {{"group_std", group_scale::group_std},
                                                       {"batch_std", group_scale::batch_std},
                                                       {"none", group_scale::none}}),
                         .single = choice<group_of_one>(name, "single", single,
                                                        {{"zero", group_of_one::zero}, {"raw", group_of_one::raw}}),
                         .ddof = ddof,
                         .epsilon = epsilon,
                         .rule = choice<epsilon_rule>(
                             name, "rule", rule, {{"added", epsilon_rule::added}, {"floor", epsilon_rule::floor}})};
        return within(name, e, score, group);
      },
      nb::arg("score"), nb::arg("group"), nb::kw_only(), nb::arg("baseline") = "mean", nb::arg("scale") = "group_std",
      nb::arg("ddof") = 1, nb::arg("epsilon") = 1e-6, nb::arg("rule") = "added", nb::arg("single") = "zero",
      "(R_i - mean of the group) / (its standard deviation + epsilon), a number for each series.\n\ngroup: the size of "
      "all groups, or the number of each series' group. Dr. GRPO: scale='none'. RLOO: baseline='leave_one_out', "
      "scale='none'.\n\nSource: Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, 4.1.2.");
  m.def(
      "opo",
      [](nb::handle score, nb::handle group, nb::handle length) { return within("opo", opo{}, score, group, length); },
      nb::arg("score"), nb::arg("group"), nb::arg("length"),
      "R_i less the group's mean weighted by length, a number for each series.");
  m.def(
      "gpg", [](nb::handle score, nb::handle group) { return within("gpg", gpg{}, score, group); }, nb::arg("score"),
      nb::arg("group"), "(R_i - mean of the group) times all series over those whose result is not 0.");
  m.def(
      "max_rl", [](nb::handle score, nb::handle group) { return within("max_rl", max_rl{}, score, group); },
      nb::arg("score"), nb::arg("group"), "(R_i - mean of the group) / mean of the group.");
  m.def(
      "pass_at_k",
      [](nb::handle score, nb::handle group, int k, double threshold) {
        return within("pass_at_k", pass_at_k{.k = k, .threshold = threshold}, score, group);
      },
      nb::arg("score"), nb::arg("group"), nb::kw_only(), nb::arg("k") = 4, nb::arg("threshold") = .5,
      "Rewards whose gradient is that of pass@k (PKPO).");
  m.def("standardize", &whitened, nb::arg("x"), nb::arg("valid") = none, nb::kw_only(), nb::arg("epsilon") = 1e-8,
        nb::arg("ddof") = 1, nb::arg("divide") = true,
        "(x - mean) / (std + epsilon) over the valid elements; 0 at the others.");
}

}  // namespace cohort::python
