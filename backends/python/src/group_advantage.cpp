#include <cohort/erased/any_estimator.hpp>

#include "component.hpp"
#include "parameters.hpp"

namespace cohort::python {

namespace {

/// Estimators that compare the scores of a group: an advantage for each series.
struct within_groups {
  nb::handle score, group, length, valid;
  std::string masked;

  nb::object operator()(call& c, in_both_types<any_estimator> const& estimator, bool needs_length) const {
    if (masked != "leave" && masked != "count")
      throw value_error(std::string(c.name()) + ": masked is '" + masked + "', expected one of 'leave', 'count'");
    return c.with_type({{score, "score"}}, [&]<class T>(T) -> nb::object {
      auto scores = c.vector<T>(score, "score");
      std::ptrdiff_t N = scores.rows;
      auto all = [N](std::int64_t each) { return std::vector<std::int64_t>(std::size_t(N), each); };
      auto groups = c.groups(group, N);
      bool has_steps = false;
      auto steps = valid.is_none() ? all(1) : c.count_flags(valid, "valid", N, &has_steps), lengths = steps;
      if (!length.is_none()) {
        lengths = c.integers(length, "length", N);
        for (std::size_t n = 0; n < lengths.size(); ++n)
          if (lengths[n] < (steps[n] ? 1 : 0) || lengths[n] > 1 << 24)
            throw value_error(std::string(c.name()) + ": length[" + std::to_string(n) + "] is " +
                              std::to_string(lengths[n]) + ", expected a number of steps from 1 to 2^24");
      } else if (needs_length && !has_steps) {
        c.refuse("length is None, expected the number of each series' steps, or valid with a flag for each step");
      }
      std::vector<T> reward;
      std::vector<std::uint8_t> ends, never, is_valid;
      std::vector<std::int32_t> offsets{0};
      std::ptrdiff_t longest = 0;
      for (std::int32_t n : groups.order) {
        auto own = std::size_t(std::max<std::int64_t>(1, lengths[std::size_t(n)]));
        reward.resize(reward.size() + own, T(0)), ends.resize(reward.size(), 0);
        is_valid.resize(reward.size(), steps[std::size_t(n)] > 0 || masked == "count");
        reward.back() = scores[n], ends.back() = 1;
        offsets.push_back(std::int32_t(reward.size()));
        longest = std::max(longest, std::ptrdiff_t(own));
      }
      std::ptrdiff_t M = std::ptrdiff_t(reward.size());
      never.resize(reward.size(), 0);
      batch_view<T> b;
      b.reward = {reward.data(), M};
      b.terminated = {ends.data(), M};
      b.truncated = {never.data(), M};
      if (!valid.is_none()) b.valid = {is_valid.data(), M};
      b.series = partition::segments({offsets.data(), N + 1}, M, longest);
      b.groups = groups.over_series();
      std::vector<T> by_step(std::size_t(M), T(0));
      estimator.in<T>()(backend<T>(), b, {view<T>(by_step.data(), M), {}});
      auto advantage = result<T>::vector(N);
      for (std::size_t k = 0; k < groups.order.size(); ++k) {
        std::int32_t n = groups.order[k];
        advantage.numbers[n] = steps[std::size_t(n)] > 0 ? by_step[std::size_t(offsets[k])] : T(0);
      }
      return advantage.array;
    });
  }
};

constexpr char const* series_in_words =
    "A number for each series. group: the size of all groups, or an integer for each series that is the same in a "
    "group, whose members may stand anywhere.\nlength: the number of each series' steps. valid: a flag for each "
    "series, or for each of its steps; a series that is wholly masked gets 0, and\nleaves its group (masked='leave') "
    "or counts there with its score (masked='count', as in verl and TRL).\n\n";

template <class E>
void add_within(nb::module_& m) {
  auto none = nb::none();
  m.def(
      E::notes.name,
      [](nb::handle score, nb::handle group, nb::handle length, nb::handle valid, std::string const& masked,
         nb::kwargs parameters) {
        call c(E::notes.name);
        in_both_types<any_estimator> estimator(with_parameters<E>(parameters));
        return within_groups{score, group, length, valid, masked}(c, estimator, std::is_same_v<E, opo>);
      },
      nb::arg("score"), nb::arg("group"), nb::arg("length") = none, nb::arg("valid") = none, nb::kw_only(),
      nb::arg("masked") = "leave", nb::arg("parameters"), documentation<E>(series_in_words).c_str());
}

}  // namespace

void add_group_advantages(nb::module_& m) {
  auto within = [&]<class E>(E const&) {  // those that compare scores, and nothing else
    if constexpr (cohort::detail::needs_of<E>() == needs::groups && !std::is_same_v<E, optimal_token_baseline>)
      add_within<E>(m);
  };
  std::apply([&](auto const&... e) { (within(e), ...); }, catalogue::group_estimators{});
}

}  // namespace cohort::python
