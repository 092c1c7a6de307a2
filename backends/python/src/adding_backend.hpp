#pragma once
#include <cohort/objective/differentiate.hpp>

#include "arrays.hpp"

namespace cohort::python {

/// A backend on which the terms of an objective, each a kernel of its own, add up in the passes that make them: results
/// are added to what the terms before have left, and are 0 where a step is not to be read.
template <class T>
class adding_backend : public eigen::basic_backend<T> {
  using base = eigen::basic_backend<T>;

 public:
  using base::base, base::map;

  /// The next results are the first ones, but for those that stand in `sums`.
  void begin(view<T> sums) { written_.assign(1, sums.data); }
  /// The steps that are read; absent for all.
  void read_where(view<std::uint8_t const> where) { where_ = where; }

  template <class... O, class Leaves, unsigned Reads, int Weights, class... I>
  void map(outputs<O...> out, cohort::detail::objective_kernel<Leaves, Reads, Weights> kernel, view<I>... in) {
    auto add = [&](auto first, auto... more) {
      auto where = where_ ? where_ : broadcast(view<std::uint8_t const>(&one_, 1), first.rows);
      base::map(out, added_where<decltype(kernel)>{kernel}, where, before(first), before(more)..., in...);
    };
    cohort::detail::unpack(add, out.views);
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
  view<T const> before(view<T> to) {
    if (std::find(written_.begin(), written_.end(), to.data) != written_.end()) return to;
    written_.push_back(to.data);
    return broadcast(view<T const>(&zero_, 1), to.rows);
  }

  T zero_ = 0;
  std::uint8_t one_ = 1;
  view<std::uint8_t const> where_{};
  std::vector<T*> written_;
};

/// What the blocks of a loss are shared by; a child of fork gets threads anew.
inline eigen::executor const& threads_of_module() {
  static auto own = eigen::on_own_threads(eigen::hardware_threads());
  return own;
}
/// One for each of them, that starts no others.
template <class T>
std::vector<std::unique_ptr<adding_backend<T>>> const& backends_of_threads() {
  static auto all = [] {
    std::vector<std::unique_ptr<adding_backend<T>>> made;
    for (int k = 0; k < threads_of_module().threads(); ++k)
      made.push_back(std::make_unique<adding_backend<T>>(eigen::options{.threads = 1}));
    return made;
  }();
  return all;
}

}  // namespace cohort::python
