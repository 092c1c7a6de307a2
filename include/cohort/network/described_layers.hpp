#pragma once
#include <algorithm>
#include <cohort/network/all.hpp>

// Layers of this library from their descriptions, as a file has them.
namespace COHORT_NAMESPACE::detail {

/// A layer by the protocol with the numbers of its description.
template <class L>
L with_numbers(layer_description const& d) {
  L layer{};
  L::numbers(layer, [&]<class V>(char const* name, V& x) {
    auto const found = std::find_if(d.numbers.begin(), d.numbers.end(), [&](auto const& n) { return n.first == name; });
    if (found == d.numbers.end()) throw value_error(std::string("it has no ") + name);
    write_parameter<V>(name, &x, found->second);
  });
  return layer;
}

template <backend B>
void add_described(layer_sequence<B>& to, std::vector<layer_description> const& layers);

template <backend B>
std::vector<layer_sequence<B>> described_sides(layer_description const& d, layer_extents const& in,
                                               std::ptrdiff_t first, matrix_place place) {
  std::vector<layer_sequence<B>> sides;
  for (auto const& side : d.inside) {
    sides.emplace_back(in, sides.empty() ? first : sides.back().end(), place);
    add_described(sides.back(), side);
  }
  return sides;
}

/// Raises value_error for a layer that is none of this library's.
template <backend B>
void add_described(layer_sequence<B>& to, std::vector<layer_description> const& layers) {
  for (auto const& d : layers) {
    bool known = d.kind == residual<>::kind || d.kind == side_by_side<>::kind;
    auto sides = [&] { return described_sides<B>(d, to.out(), to.end(), to.next_place()); };
    if (d.kind == side_by_side<>::kind)
      to.add(d.kind, [&] { return std::make_unique<built_side_by_side<B>>(to.out(), sides()); });
    else if (known)
      to.add(d.kind, [&] {
        auto inside = sides();
        if (inside.size() != 1) throw value_error("it has " + std::to_string(inside.size()) + " sides, expected 1");
        return std::make_unique<built_residual<B>>(std::move(inside[0]));
      });
    auto each = [&]<class L>(L const&) {
      if (d.kind != L::kind) return;
      known = true;
      to.add(d.kind, [&] { return to.built(with_numbers<L>(d)); });
    };
    std::apply([&](auto const&... l) { (each(l), ...); }, catalogue::layers{});
    if (!known)
      throw value_error("layer " + std::to_string(to.size()) + " is " + d.kind +
                        ", a layer of your own: make the policy with it and load into that");
  }
}

}  // namespace COHORT_NAMESPACE::detail
