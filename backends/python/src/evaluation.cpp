#include "evaluation.hpp"

#include <map>
#include <span>

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

/// The weights of a term, its factor in them: one for the valid steps of each series, or, where selections weigh them
/// too, one for each step.
template <class T>
struct weights_of_term {
  std::vector<T> const* of_series;
  std::vector<T> of_step;
  bool same_everywhere;
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
      auto [found, is_first] = aggregations_.try_emplace({own, t.factor});
      std::vector<T>& of_series = found->second;
      if (is_first) {
        of_series = weights_of_series<T>(c, *own, steps.views.valid, group);
        for (T& w : of_series) w *= T(t.factor);
      }
      if (t.selections.empty()) {
        bool differ = std::adjacent_find(of_series.begin(), of_series.end(), std::not_equal_to<>()) != of_series.end();
        terms_.push_back({&of_series, {}, !differ});
        continue;
      }
      std::vector<T> of_step(std::size_t(c.shape().size()));
      view<T> all{of_step.data(), std::ptrdiff_t(of_step.size())};
      spread_over_steps(c.shape(), of_series, all);
      for (auto s = t.selections.rbegin(); s != t.selections.rend(); ++s) {  // the outermost first
        auto [known, is_new] = selections_.try_emplace(s->get(), of_step.size());
        view<T> weight{known->second.data(), all.rows};
        stream_id draws{seed, draw_purpose::selection, std::uint32_t(selections_.size() - 1)};
        if (is_new)
          (*s)->weigh.template in<T>()(backend<T>(), for_selections(c.shape(), steps, advantage), draws, weight);
        backend<T>().map(outputs{all}, cohort::detail::times{}, view<T const>(all), view<T const>(weight));
      }
      terms_.push_back({nullptr, std::move(of_step), false});
    }
  }
  weights_of_term<T> const& operator[](std::size_t k) const { return terms_[k]; }

 private:
  std::map<std::pair<aggregation const*, double>, std::vector<T>> aggregations_;
  std::map<selection const*, std::vector<T>> selections_;
  std::vector<weights_of_term<T>> terms_;
};

/// What goes through blocks of steps, on one thread: objectives of its own, and room for a block.
template <class T>
class worker {
  using B = adding_backend<T>;

 public:
  worker(B& backend, layout const& shape, expression const& e, given_steps<T> const& steps,
         weights_of_terms<T> const& weights, std::ptrdiff_t longest)
      : backend_(backend), shape_(shape), steps_(steps), weights_(weights) {
    int sums = 0;
    for (auto const& t : e.terms) {
      any_objective<B> loss = t.loss->template in<T>();
      auto const has = loss.whole().shape();
      terms_.push_back({std::move(loss), has.sums > 0, !t.selections.empty()});
      sums = std::max(sums, has.sums);
    }
    for (auto* room : {&loss_, &advantage_, &weight_}) room->resize(std::size_t(longest));
    sums_.resize(std::size_t(sums * longest));
    for (auto& t : terms_)
      if (!t.of_series) prepare(t, {}, longest);
  }

  /// The blocks between cuts, one after the other; the sum of their losses, unless these are stored.
  double operator()(std::span<std::ptrdiff_t const> cuts, partial_views<T> const& out, view<T> losses) {
    std::fill(loss_.begin(), loss_.end(), T(0));
    view<T> all(loss_.data(), std::ptrdiff_t(loss_.size()));
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      std::ptrdiff_t first = cuts[k], n = cuts[k + 1] - first;
      auto here = [&](view<T> v) { return v ? v.part(first, n) : v; };
      backend_.begin(all);
      add(first, n, {losses ? here(losses) : all.part(0, n), here(out.logp), here(out.entropy), here(out.value)});
    }
    T sum = 0;
    if (!losses) backend_.reduce({&sum, 1}, cohort::detail::same{}, view<T const>(all));
    return double(sum);
  }

 private:
  struct own_term {
    any_objective<B> loss;
    bool of_series, is_selected;
  };

  void add(std::ptrdiff_t first, std::ptrdiff_t n, partial_views<T> const& out) {
    step_views<T> at = cohort::detail::part_of(steps_.views, first, n);
    at.series_of = steps_.views.series_of.part(0, n);  // of whole series the first ones have the same pattern
    at.series = shape_.by_step ? shape_.series : (n + shape_.steps - 1) / shape_.steps;
    if (!steps_.advantage_of_series.empty()) {
      view<T> advantage(advantage_.data(), n);
      spread_over(shape_, steps_.advantage_of_series, first, advantage);
      at.advantage = advantage;
    }
    auto valid = at.valid;
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      auto& t = terms_[k];
      weigh(k, first, n);
      at.valid = valid;
      if (t.of_series) prepare(t, at, n);
      at.valid = {};  // the backend sees to it
      backend_.read_where(t.is_selected ? selected(n, valid) : valid);
      t.loss.whole().differentiate(backend_, at, 0, n, out);
    }
  }
  /// Brings the weights of term k, if they do not stand there already.
  void weigh(std::size_t k, std::ptrdiff_t first, std::ptrdiff_t n) {
    auto const& w = weights_[k];
    if (w.of_series && w.of_series == standing_ && (w.same_everywhere || first == standing_from_)) return;
    if (!w.of_series) std::copy_n(w.of_step.data() + first, n, weight_.data());
    else if (w.same_everywhere) std::fill(weight_.begin(), weight_.end(), w.of_series->front());
    else spread_over(shape_, *w.of_series, first, view<T>(weight_.data(), n));
    standing_ = w.of_series, standing_from_ = first;
  }
  void prepare(own_term& t, step_views<T> const& at, std::ptrdiff_t n) {
    any_aggregation<B> weighed_already = [](B&, aggregated_steps<T> const&, view<T>) {};
    std::int64_t no_draws = 0;
    t.loss.whole().prepare(backend_, weighed_already, {.steps = n}, at,
                           {.weights = view<T>(weight_.data(), n),
                            .sums = view<T>(sums_.data(), std::ptrdiff_t(sums_.size())),
                            .draws = no_draws});
  }
  /// Of a step with weight 0 nothing is read.
  view<std::uint8_t const> selected(std::ptrdiff_t n, view<std::uint8_t const> valid) {
    mask_.resize(weight_.size());
    for (std::ptrdiff_t i = 0; i < n; ++i) mask_[std::size_t(i)] = weight_[std::size_t(i)] != 0 && (!valid || valid[i]);
    return {mask_.data(), n};
  }

  B& backend_;
  layout const& shape_;
  given_steps<T> const& steps_;
  weights_of_terms<T> const& weights_;
  std::vector<own_term> terms_;
  std::vector<T> loss_, advantage_, weight_, sums_;
  std::vector<std::uint8_t> mask_;
  std::vector<T> const* standing_ = nullptr;  ///< whose weights are in weight_,
  std::ptrdiff_t standing_from_ = 0;          ///< from which step on
};

/// Where the blocks of a batch begin and end. Terms of series need all steps of a series in one.
std::vector<std::ptrdiff_t> cut(layout const& shape, bool whole_series) {
  constexpr std::ptrdiff_t steps = 4096;
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
  constexpr std::ptrdiff_t run = 4;  // blocks whose losses are added up together
  auto blocks = std::ptrdiff_t(cuts.size()) - 1, runs = (blocks + run - 1) / run, longest = std::ptrdiff_t(0);
  for (std::size_t k = 1; k < cuts.size(); ++k) longest = std::max(longest, cuts[k] - cuts[k - 1]);
  auto const& backends = backends_of_threads<T>();
  std::vector<std::unique_ptr<worker<T>>> workers(backends.size());
  std::vector<double> sums(std::size_t(runs), 0);
  threads_of_module()(runs, 1, [&](int thread, std::ptrdiff_t begin, std::ptrdiff_t end) {
    auto& own = workers[std::size_t(thread)];
    if (!own) own = std::make_unique<worker<T>>(*backends[std::size_t(thread)], c.shape(), e, steps, weights, longest);
    for (std::ptrdiff_t r = begin; r < end; ++r)
      sums[std::size_t(r)] = (*own)(
          std::span(cuts).subspan(std::size_t(r * run), std::size_t(std::min(run, blocks - r * run) + 1)), out, losses);
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
