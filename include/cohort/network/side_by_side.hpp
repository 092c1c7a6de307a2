#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/network/layer_sequence.hpp>
#include <tuple>

namespace COHORT_NAMESPACE {

namespace detail {

template <backend B>
class built_side_by_side final : public built_layer<B> {
 public:
  using typename built_layer<B>::T;
  using typename built_layer<B>::trace;

  built_side_by_side(layer_extents const& i, std::vector<layer_sequence<B>> sides)
      : built_layer<B>(i, all_of(sides)), sides_(std::move(sides)) {}

  std::vector<layer_array> arrays() const override {
    std::vector<layer_array> all;
    for (std::size_t k = 0; k < sides_.size(); ++k)
      for (auto a : sides_[k].arrays()) a.name = std::to_string(k) + "." + a.name, all.push_back(a);
    return all;
  }
  layer_description description() const override {
    layer_description all{"side_by_side"};
    for (auto const& side : sides_) all.inside.push_back(side.description());
    return all;
  }
  int memory() const override {
    int all = 0;
    for (auto const& side : sides_) all += side.memory();
    return all;
  }
  void states(B& b, view<T const> x, view<T>, trace& t, view<T> after) const override {
    int first = 0;
    for (std::size_t k = 0; k < sides_.size(); ++k) {
      sides_[k].states(b, x, t.inside[k], after.columns_part(first, sides_[k].memory()));
      first += sides_[k].memory();
    }
  }
  void forward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t) const override {
    t.inside.resize(sides_.size());
    int first = 0;
    for (std::size_t k = 0; k < sides_.size(); ++k) {
      t.inside[k].time = t.time.states_part(first, sides_[k].memory());
      first += sides_[k].memory();
    }
    each(
        y, [&](auto const& side, auto& own, view<T> part) { copy_to(b, part, side.forward(b, parameters, x, own)); },
        t);
  }
  void backward(B& b, T const* parameters, view<T const> x, view<T>, trace& t, view<T> dy, T* gradient,
                view<T> dx) const override {
    if (dx) fill_with(b, dx, 0);
    each(
        dy,
        [&](auto const& side, auto& own, view<T> part) {
          view<T> const own_dy = own.rows_of(b, own.out, x.rows, int(part.columns));
          view<T> const own_dx = dx ? own.rows_of(b, own.gradient, x.rows, this->in.size) : dx;
          copy_to(b, own_dy, view<T const>(part));
          side.backward(b, parameters, x, own, own_dy, gradient, own_dx);
          if (dx) add_to(b, dx, view<T const>(own_dx));
        },
        t);
  }
  void tangent(B& b, T const* parameters, T const* v, view<T const> x, view<T>, trace& t, view<T const> dx,
               view<T> dy) const override {
    each(
        dy,
        [&](auto const& side, auto& own, view<T> part) {
          if (view<T const> const change = side.tangent(b, parameters, v, x, own, dx)) copy_to(b, part, change);
          else fill_with(b, part, 0);
        },
        t);
  }

 private:
  static layer_extents all_of(std::vector<layer_sequence<B>> const& sides) {
    double sum = 0;
    for (auto const& side : sides) sum += side.out().size;
    require_numbered("side_by_side", "the sum of the sides' outputs", sum);
    return int(sum);
  }
  template <class F>
  void each(view<T> all, F f, trace& t) const {
    std::ptrdiff_t first = 0;
    for (std::size_t k = 0; k < sides_.size(); ++k) {
      f(sides_[k], t.inside[k], all.columns_part(first, sides_[k].out().size));
      first += sides_[k].out().size;
    }
  }

  std::vector<layer_sequence<B>> sides_;
};

}  // namespace detail

/// Networks that all read what comes in; what they give stands side by side. A group of observations has a network of
/// its own where that begins with its columns:
///
///     side_by_side{network{columns{0, 12}, dense{64}}, network{columns{12, 48 * 48}, image{48, 48, 1}, convolution{}}}
template <class... Sides>
struct side_by_side {
  using inside = std::tuple<Sides...>;
  inside sides;

  constexpr side_by_side(Sides... s) : sides(std::move(s)...) {}

  static constexpr char const* kind = "side_by_side";
  template <backend B>
  std::unique_ptr<detail::built_layer<B>> built(layer_extents const& in, std::ptrdiff_t first,
                                                matrix_place place) const {
    std::vector<detail::layer_sequence<B>> all;
    auto add = [&](auto const& side) {
      all.emplace_back(in, all.empty() ? first : all.back().end(), place);
      all.back().add(side);
    };
    std::apply([&](auto const&... s) { (add(s), ...); }, sides);
    return std::make_unique<detail::built_side_by_side<B>>(in, std::move(all));
  }
};

}  // namespace COHORT_NAMESPACE
