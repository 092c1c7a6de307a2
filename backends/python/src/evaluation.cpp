#include "evaluation.hpp"

#include <map>

namespace cohort::python {

namespace {

/// f(series, first, count) for the runs of steps [first, first + count) of an array that stand side by side and are of
/// one series each, or of series one after the other.
template <class F>
void each_run(layout const& shape, std::ptrdiff_t first, std::ptrdiff_t count, F f) {
  std::ptrdiff_t length = shape.by_step ? shape.series : shape.steps;
  for (std::ptrdiff_t i = first, n; i < first + count; i += n) {
    n = std::min(first + count - i, length - i % length);
    f(shape.by_step ? i % length : i / length, i - first, n);
  }
}

template <class T>
void spread_over(layout const& shape, std::vector<T> const& of_series, std::ptrdiff_t first, view<T> to) {
  each_run(shape, first, to.rows, [&](std::ptrdiff_t series, std::ptrdiff_t at, std::ptrdiff_t n) {
    if (shape.by_step) std::copy_n(of_series.data() + series, n, to.data + at);
    else std::fill_n(to.data + at, n, of_series[std::size_t(series)]);
  });
}

/// How many steps of each series are valid.
template <class T>
std::vector<T> valid_steps_of_series(layout const& shape, view<std::uint8_t const> valid) {
  auto N = std::size_t(shape.series);
  if (!valid) return std::vector<T>(N, T(shape.steps));
  std::vector<std::int32_t> count(N, 0);
  for (std::ptrdiff_t line = 0; line < (shape.by_step ? shape.steps : shape.series); ++line) {
    std::uint8_t const* flag = valid.data + line * (shape.by_step ? shape.series : shape.steps);
    if (shape.by_step) {
      for (std::size_t n = 0; n < N; ++n) count[n] += flag[n] != 0;
    } else {
      for (std::ptrdiff_t t = 0; t < shape.steps; ++t) count[std::size_t(line)] += flag[t] != 0;
    }
  }
  return {count.begin(), count.end()};
}

/// The weights of a term: one for the valid steps of each series, and, where selections weigh them too, one for each
/// step.
template <class T>
struct weights_of_term {
  std::vector<T> const* of_series;
  std::vector<T> of_step;
};

/// Those of all terms; what several of them have in common is made once.
template <class T>
class weights_of_terms {
 public:
  weights_of_terms(call& c, expression const& e, given_steps<T> const& steps, aggregation_ptr const& how,
                   nb::handle group, std::uint64_t seed) {
    std::vector<T> advantage;
    for (auto const& t : e.terms) {
      aggregation const* own = t.how ? t.how.get() : how.get();
      if (!aggregations_.contains(own)) aggregations_[own] = weights_of_series<T>(c, *own, steps.views.valid, group);
      std::vector<T> of_step(t.selections.empty() ? 0 : std::size_t(c.shape().size()));
      view<T> all{of_step.data(), std::ptrdiff_t(of_step.size())};
      spread_over_steps(c.shape(), aggregations_[own], all);
      for (auto s = t.selections.rbegin(); s != t.selections.rend(); ++s) {  // the outermost first
        auto [known, is_new] = selections_.try_emplace(s->get(), of_step.size());
        view<T> weight{known->second.data(), all.rows};
        stream_id draws{seed, draw_purpose::selection, std::uint32_t(selections_.size() - 1)};
        if (is_new)
          (*s)->weigh.template in<T>()(backend<T>(), for_selections(c.shape(), steps, advantage), draws, weight);
        backend<T>().map(outputs{all}, cohort::detail::times{}, view<T const>(all), view<T const>(weight));
      }
      terms_.push_back({&aggregations_[own], std::move(of_step)});
    }
  }
  weights_of_term<T> const& operator[](std::size_t k) const { return terms_[k]; }

 private:
  std::map<aggregation const*, std::vector<T>> aggregations_;
  std::map<selection const*, std::vector<T>> selections_;
  std::vector<weights_of_term<T>> terms_;
};

/// What goes through blocks of steps, on one thread: objectives of its own, and room for a block.
template <class T>
class worker {
  using B = eigen::basic_backend<T>;
  using targets = std::array<view<T>, std::size_t(1 + cohort::detail::differentiable_count)>;

 public:
  worker(B& backend, layout const& shape, expression const& e, given_steps<T> const& steps,
         weights_of_terms<T> const& weights, std::ptrdiff_t longest)
      : backend_(backend), shape_(shape), e_(e), steps_(steps), weights_(weights) {
    int sums = 0;
    for (auto const& t : e.terms) {
      losses_.push_back(t.loss->template in<T>());
      sums = std::max(sums, losses_.back().whole().shape().sums);
    }
    room_.resize(std::size_t((4 + cohort::detail::differentiable_count + sums) * longest));
    mask_.resize(std::size_t(longest));
  }

  /// Steps first ... first + n - 1; the sum of their losses.
  double operator()(std::ptrdiff_t first, std::ptrdiff_t n, partial_views<T> const& out, view<T> losses) {
    auto rest = view<T>(room_.data(), std::ptrdiff_t(room_.size()));
    auto take = [&](std::ptrdiff_t count) {
      view<T> taken = rest.part(0, count);
      rest = rest.part(count, rest.rows - count);
      return taken;
    };
    step_views<T> at = cohort::detail::part_of(steps_.views, first, n);
    at.series_of = steps_.views.series_of.part(0, n);  // of whole series the first ones have the same pattern
    at.series = shape_.by_step ? shape_.series : (n + shape_.steps - 1) / shape_.steps;
    if (!steps_.advantage_of_series.empty()) {
      view<T> advantage = take(n);
      spread_over(shape_, steps_.advantage_of_series, first, advantage);
      at.advantage = advantage;
    }
    targets to = cohort::detail::as_array(out), other;
    for (auto& v : to)
      if (v) v = v.part(first, n);
    to[0] = losses ? losses.part(first, n) : take(n);
    for (auto& v : other) v = take(n);
    view<T> weight = take(n);
    std::array<bool, std::tuple_size_v<targets>> written{};
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      bool writes[std::tuple_size_v<targets>] = {true};
      for (int d = 0; d < cohort::detail::differentiable_count; ++d)
        writes[1 + d] = losses_[k].reads() >> cohort::detail::nth_term(needs::differentiable, d) & 1;
      targets here{};
      for (std::size_t d = 0; d < here.size(); ++d)
        if (writes[d]) here[d] = written[d] ? other[d] : to[d];
      differentiate(k, at, first, weight, rest,
                    cohort::detail::as_partials(here, std::make_index_sequence<std::tuple_size_v<targets>>()));
      for (std::size_t d = 0; d < here.size(); ++d)
        if (writes[d] && std::exchange(written[d], true))
          backend_.map(outputs{to[d]}, cohort::detail::plus{}, view<T const>(to[d]), view<T const>(other[d]));
    }
    T sum = 0;
    view<T> total(&sum, 1);
    view<T const> loss = to[0];
    if (!at.valid) {
      backend_.reduce(total, cohort::detail::same{}, loss);
      return double(sum);
    }
    backend_.reduce(total, cohort::detail::where_valid{}, loss, at.valid);
    for (std::size_t d = losses ? 0 : 1; d < to.size(); ++d)
      if (written[d]) backend_.map(outputs{to[d]}, cohort::detail::where_valid{}, view<T const>(to[d]), at.valid);
    return double(sum);
  }

 private:
  /// What it writes at invalid steps is of no meaning.
  void differentiate(std::size_t k, step_views<T> at, std::ptrdiff_t first, view<T> weight, view<T> sums,
                     partial_views<T> const& out) {
    auto const& weights = weights_[k];
    any_aggregation<B> as_prepared = [&](B& backend, aggregated_steps<T> const&, view<T> to) {
      if (weights.of_step.empty()) spread_over(shape_, *weights.of_series, first, to);
      else std::copy_n(weights.of_step.data() + first, to.rows, to.data);
      if (e_.terms[k].factor != 1)
        backend.map(outputs{to}, cohort::detail::scaled_by{e_.terms[k].factor}, view<T const>(to));
    };
    std::int64_t no_draws = 0;
    auto& loss = losses_[k].whole();
    loss.prepare(backend_, as_prepared, {.steps = weight.rows}, at,
                 {.weights = weight, .sums = sums, .draws = no_draws});
    at.valid = {};
    if (!e_.terms[k].selections.empty()) {  // of a step with weight 0 nothing is read
      for (std::ptrdiff_t i = 0; i < weight.rows; ++i) mask_[std::size_t(i)] = weight[i] != 0;
      at.valid = {mask_.data(), weight.rows};
    }
    loss.differentiate(backend_, at, 0, weight.rows, out);
  }

  B& backend_;
  layout const& shape_;
  expression const& e_;
  given_steps<T> const& steps_;
  weights_of_terms<T> const& weights_;
  std::vector<any_objective<B>> losses_;
  std::vector<T> room_;
  std::vector<std::uint8_t> mask_;
};

/// Where the blocks of a batch begin and end. Terms of series need all steps of a series in one.
std::vector<std::ptrdiff_t> cut(layout const& shape, bool whole_series) {
  constexpr std::ptrdiff_t steps = 2048;
  std::vector<std::ptrdiff_t> cuts{0};
  while (cuts.back() < shape.size()) {
    std::ptrdiff_t first = cuts.back(), left = shape.size() - first, n = left;
    if (!shape.by_step && (whole_series || shape.steps <= steps))
      n = std::min(left, std::max<std::ptrdiff_t>(1, steps / shape.steps) * shape.steps);
    else if (!whole_series) n = std::min(steps, shape.by_step ? left : shape.steps - first % shape.steps);
    cuts.push_back(first + n);
  }
  return cuts;
}

}  // namespace

template <class T>
void spread_over_steps(layout const& shape, std::vector<T> const& of_series, view<T> to) {
  spread_over(shape, of_series, 0, to);
}

template <class T>
std::vector<T> weights_of_series(call& c, aggregation const& how, view<std::uint8_t const> valid, nb::handle group) {
  std::vector<T> own = valid_steps_of_series<T>(c.shape(), valid), weight(own.size()), in_order = own;
  std::ptrdiff_t N = c.shape().series;
  groups_of_series groups;
  if (how.of_groups) {
    if (group.is_none())
      throw value_error(std::string(c.name()) +
                        ": group is None, expected the size of all groups, or the number of "
                        "each series' group, which " +
                        how.text + " reads");
    groups = c.groups(group, N);
    for (std::size_t n = 0; n < own.size(); ++n) in_order[n] = own[std::size_t(groups.order[n])];
  }
  how.weigh.in<T>()(backend<T>(), view<T const>(in_order.data(), N), groups.over_series(), {weight.data(), N});
  if (!how.of_groups) return weight;
  for (std::size_t n = 0; n < own.size(); ++n) own[std::size_t(groups.order[n])] = weight[n];
  return own;
}

template <class T>
step_views<T> for_selections(layout const& shape, given_steps<T> const& steps, std::vector<T>& room) {
  step_views<T> at = steps.views;
  if (steps.advantage_of_series.empty()) return at;
  room.resize(std::size_t(shape.size()));
  spread_over_steps<T>(shape, steps.advantage_of_series, {room.data(), shape.size()});
  at.advantage = {room.data(), shape.size()};
  return at;
}

template <class T>
double evaluate(call& c, expression const& e, given_steps<T> const& steps, aggregation_ptr const& how, nb::handle group,
                std::uint64_t seed, partial_views<T> const& out, view<T> losses) {
  weights_of_terms<T> weights(c, e, steps, how, group, seed);
  bool of_series = std::any_of(e.terms.begin(), e.terms.end(),
                               [](term const& t) { return t.loss->in<T>().whole().shape().sums > 0; });
  auto cuts = cut(c.shape(), of_series);
  auto blocks = std::ptrdiff_t(cuts.size()) - 1, longest = std::ptrdiff_t(0);
  for (std::size_t k = 1; k < cuts.size(); ++k) longest = std::max(longest, cuts[k] - cuts[k - 1]);
  auto const& backends = backends_of_threads<T>();
  std::vector<std::unique_ptr<worker<T>>> workers(backends.size());
  std::vector<double> sums(std::size_t(blocks), 0);
  eigen::executor threads(forked() ? 1 : int(backends.size()), &eigen::run_on_openmp);
  threads(blocks, 1, [&](int thread, std::ptrdiff_t begin, std::ptrdiff_t end) {
    auto& own = workers[std::size_t(thread)];
    if (!own) own = std::make_unique<worker<T>>(*backends[std::size_t(thread)], c.shape(), e, steps, weights, longest);
    for (auto k = std::size_t(begin); k < std::size_t(end); ++k)
      sums[k] = (*own)(cuts[k], cuts[k + 1] - cuts[k], out, losses);
  });
  double total = 0;
  for (double x : sums) total += x;
  return total;
}

#define COHORT_INSTANTIATE(T)                                                                                      \
  template void spread_over_steps<T>(layout const&, std::vector<T> const&, view<T>);                               \
  template std::vector<T> weights_of_series<T>(call&, aggregation const&, view<std::uint8_t const>, nb::handle);   \
  template step_views<T> for_selections<T>(layout const&, given_steps<T> const&, std::vector<T>&);                 \
  template double evaluate<T>(call&, expression const&, given_steps<T> const&, aggregation_ptr const&, nb::handle, \
                              std::uint64_t, partial_views<T> const&, view<T>);
COHORT_INSTANTIATE(float)
COHORT_INSTANTIATE(double)

}  // namespace cohort::python
