#pragma once
#include <cohort/objective/differentiate.hpp>

#include "arrays.hpp"

// One call of an objective: its terms, each compiled for itself, go over the steps together, a block that stays in the
// cache at a time.

namespace cohort::python {

/// How many steps of each series are valid.
template <class T>
std::vector<T> valid_steps_of_series(layout const& shape, view<std::uint8_t const> valid);
/// A number of each series at each of its steps.
template <class T>
void spread_over_steps(layout const& shape, std::vector<T> const& of_series, view<T> to);

/// Weights of steps: one for the valid steps of each series, or one for each step.
template <class T>
struct step_weights {
  std::vector<T> of_series{}, of_step{};
  bool selects = false;  ///< some steps have been left out by a weight of 0, and are not to be read
};

/// A batch, and the weights that an objective's terms have on it.
template <class T>
class evaluation {
 public:
  evaluation(layout const& shape, step_views<T> const& all, std::vector<T> advantage_of_series, std::uint64_t seed);

  eigen::basic_backend<T>& backend;
  std::vector<T> const& valid_steps() const { return own_; }  ///< of each series
  std::size_t in_force = 0;                                   ///< number of the weights around a term
  std::size_t keep(step_weights<T> w);                        ///< returns its number
  step_views<T> const& for_selections();                      ///< all steps, with an advantage of each
  stream_id next_draws() { return {seed_, draw_purpose::selection, selections_++}; }
  void multiply(std::vector<T>& of_step, std::size_t weights) const;

 private:
  template <class>
  friend class block;

  layout shape_;
  step_views<T> all_;
  std::vector<T> own_, advantage_of_series_, advantage_of_step_;
  std::uint64_t seed_;
  std::uint32_t selections_ = 0;
  std::vector<step_weights<T>> weights_;
};

/// Some steps of a batch, to which an objective's terms are added one after the other.
template <class T>
class block {
 public:
  static constexpr std::ptrdiff_t steps = 2048;

  block(evaluation<T> const& whole, eigen::basic_backend<T>& backend);
  /// The next steps. A loss that `sums` is added to what stands there.
  void begin(std::ptrdiff_t first, std::ptrdiff_t n, partial_views<T> const& out, view<T> loss, bool sums);
  /// How many steps from `first` on a block has.
  static std::ptrdiff_t length_from(layout const& shape, std::ptrdiff_t first, bool whole_series);

  double factor = 1;
  std::size_t next_weights() { return next_++; }
  /// Calls f with the weights of this number in force.
  template <class F>
  void under(std::size_t weights, F f) {
    auto outside = std::tuple(weight_, where_);
    take(weights);
    f();
    std::tie(weight_, where_) = outside;
  }
  /// Adds factor times a term.
  template <class O>
  void add(O const& o) {
    cohort::detail::differentiate_into(backend_, factor * o, in_, {weight_}, out_, added{*this});
  }

 private:
  template <class Kernel>
  struct added_where {
    Kernel kernel;
    template <class M, class S, class... More>
    [[gnu::always_inline]] constexpr several<S, Kernel::results> operator()(M valid, S first, More... more) const {
      S const all[] = {first, more...};
      constexpr int results = Kernel::results;
      several<S, results> found = [&]<std::size_t... K>(std::index_sequence<K...>) {
        return kernel(all[results + K]...);
      }(std::make_index_sequence<sizeof...(More) + 1 - std::size_t(results)>());
      for (int k = 0; k < results; ++k) found[k] = all[k] + select(valid, found[k], S(0));
      return found;
    }
  };
  /// Results are added to what the terms before have left, in the pass that makes them.
  struct added {
    block& b;
    template <class Targets, class Kernel, class... In>
    void operator()(eigen::basic_backend<T>& backend, Targets const& targets, Kernel const& kernel, In... in) const {
      std::apply(
          [&](auto... to) {
            backend.map(outputs{to...}, added_where<Kernel>{kernel}, b.where_, b.before(to)..., in...);
          },
          targets);
    }
  };
  view<T const> before(view<T> to) {
    for (T* known : written_)
      if (known == to.data) return to;
    written_.push_back(to.data);
    return broadcast(view<T const>(&zero_, 1), to.rows);
  }
  void take(std::size_t weights);
  view<T const> broadcast_series(std::vector<T> const& of_series, std::vector<T>& room) const;

  evaluation<T> const& whole_;
  eigen::basic_backend<T>& backend_;
  T zero_ = 0;
  std::uint8_t one_ = 1;
  std::ptrdiff_t first_ = 0, count_ = 0;
  std::size_t next_ = 0;
  step_views<T> in_;
  view<T const> weight_;
  view<std::uint8_t const> where_;
  std::vector<T> advantage_room_;
  std::vector<std::vector<T>> weight_rooms_;
  std::vector<std::vector<std::uint8_t>> masks_;
  partial_views<T> out_;
  std::vector<T*> written_;
};

/// Goes through the blocks: add(block) adds a block's terms. With `losses` these are stored by step; else the result is
/// their sum. Threads share the blocks, and the bits do not depend on how many there are.
template <class T, class F>
double over_blocks(evaluation<T> const& whole, layout const& shape, bool whole_series, partial_views<T> const& out,
                   view<T> losses, F add) {
  std::vector<std::ptrdiff_t> cuts{0};
  std::ptrdiff_t longest = 0;
  while (cuts.back() < shape.size()) {
    std::ptrdiff_t n = block<T>::length_from(shape, cuts.back(), whole_series);
    cuts.push_back(cuts.back() + n), longest = std::max(longest, n);
  }
  constexpr std::ptrdiff_t run = 8;  // blocks whose losses are added up together
  std::ptrdiff_t blocks = std::ptrdiff_t(cuts.size()) - 1, runs = (blocks + run - 1) / run;
  std::vector<double> sums(std::size_t(runs), 0);
  auto const& backends = backends_of_threads<T>();
  eigen::executor threads(forked() ? 1 : int(backends.size()), &eigen::run_on_openmp);
  threads(runs, 1, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
    auto& own = *backends[std::size_t(worker)];
    block<T> here(whole, own);
    std::vector<T> loss(losses ? 0 : std::size_t(longest)), sum(1);
    for (std::ptrdiff_t r = first; r < last; ++r) {
      std::fill(loss.begin(), loss.end(), T(0));
      for (std::ptrdiff_t k = r * run; k < std::min(blocks, (r + 1) * run); ++k) {
        std::ptrdiff_t from = cuts[std::size_t(k)], n = cuts[std::size_t(k + 1)] - from;
        here.begin(from, n, out, losses ? losses.part(from, n) : view<T>{loss.data(), n}, !losses);
        add(here);
      }
      if (losses) continue;
      own.reduce({sum.data(), 1}, cohort::detail::same{}, view<T const>{loss.data(), longest});
      sums[std::size_t(r)] = double(sum[0]);
    }
  });
  double total = 0;
  for (double x : sums) total += x;
  return total;
}

}  // namespace cohort::python
