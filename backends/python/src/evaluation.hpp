#pragma once
#include <cohort/objective/differentiate.hpp>

#include "arrays.hpp"

// One call of an objective: its terms, each compiled for itself, go over the steps together, a block that stays in the cache at a time.

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
  std::vector<T> room{};
};

template <class T>
class evaluation {
 public:
  static constexpr std::ptrdiff_t block = 2048;

  evaluation(eigen::basic_backend<T>& backend, layout const& shape, step_views<T> const& all, std::vector<T> advantage_of_series, std::uint64_t seed);

  // While weights are made
  eigen::basic_backend<T>& backend;
  std::vector<T> const& valid_steps() const { return own_; }  ///< of each series
  std::size_t in_force = 0;                                   ///< number of the weights around the term
  std::size_t keep(step_weights<T> w);                        ///< returns its number
  step_views<T> const& for_selections();                      ///< all steps, with an advantage of each
  stream next_draws() { return {seed_, purpose::selection, selections_++}; }
  void multiply(std::vector<T>& of_step, std::size_t weights) const;

  /// Goes through the blocks: add(evaluation) adds a block's terms. With `losses` these are stored by step; else the result is their sum.
  template <class F>
  double over_blocks(bool whole_series, partial_views<T> const& out, view<T> losses, F add) {
    std::ptrdiff_t M = shape_.size();
    std::vector<T> sums(losses ? 0 : std::size_t(whole_series && shape_.by_step ? M : std::max(block, shape_.steps)), T(0));
    for (std::ptrdiff_t first = 0, n; first < M; first += n) {
      n = length_from(first, whole_series);
      begin(first, n, out, losses ? losses.part(first, n) : view<T>{sums.data(), n}, !losses);
      add(*this);
    }
    double total = 0;
    for (T x : sums) total += double(x);
    return total;
  }

  // In a block
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
    cohort::detail::differentiate_into(backend, factor * o, in_, {weight_}, out_, added{*this});
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
    evaluation& e;
    template <class Targets, class Kernel, class... In>
    void operator()(eigen::basic_backend<T>& backend, Targets const& targets, Kernel const& kernel, In... in) const {
      std::apply([&](auto... to) { backend.map(outputs{to...}, added_where<Kernel>{kernel}, e.where_, e.before(to)..., in...); }, targets);
    }
  };
  view<T const> before(view<T> to) {
    for (T* known : written_)
      if (known == to.data) return to;
    written_.push_back(to.data);
    return broadcast(view<T const>(&zero_, 1), to.rows);
  }

  std::ptrdiff_t length_from(std::ptrdiff_t first, bool whole_series) const;
  void begin(std::ptrdiff_t first, std::ptrdiff_t n, partial_views<T> const& out, view<T> loss, bool adds_loss);
  void take(std::size_t weights);
  view<T const> spread(std::vector<T> const& of_series, std::vector<T>& room) const;

  layout shape_;
  step_views<T> all_, in_;
  std::vector<T> own_, advantage_of_series_, advantage_of_step_, advantage_room_;
  std::uint64_t seed_;
  std::uint32_t selections_ = 0;
  std::vector<step_weights<T>> weights_;
  T zero_ = 0;
  std::uint8_t one_ = 1;

  std::ptrdiff_t first_ = 0, count_ = 0;
  std::size_t next_ = 0;
  view<T const> weight_;
  view<std::uint8_t const> where_;
  std::vector<std::vector<std::uint8_t>> masks_;
  partial_views<T> out_;
  std::vector<T*> written_;
};

}  // namespace cohort::python
