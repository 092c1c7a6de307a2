// A layer of one's own that lacks a part: one sentence says which.
// case: without_extents -DEXTENTS
// expect: a layer needs `layer_extents extents(layer_extents const& in) const`, what comes out of it
// case: without_backward -DBACKWARD
// expect: a layer needs `template <backend B> void backward(B&, layer_pass<B> const&, out_view<B> dy, layer_views
// case: without_tangent -DTANGENT
// expect: a layer needs `template <backend B> void tangent(B&, layer_pass<B> const&, layer_views<value_t<B> const> v,
// case: without_tangent_and_gsde -DTANGENT -DGSDE
// expect: a layer needs `template <backend B> void tangent(B&, layer_pass<B> const&, layer_views<value_t<B> const> v,
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

struct still {
#if defined(CONTROL) || !defined(EXTENTS)
  layer_extents extents(layer_extents const& in) const { return in; }
#endif
  template <backend B>
  void forward(B&, layer_pass<B> const&) const {}
#if defined(CONTROL) || !defined(BACKWARD)
  template <backend B>
  void backward(B&, layer_pass<B> const&, out_view<B>, layer_views<value_t<B>>, out_view<B>) const {}
#endif
#if defined(CONTROL) || !defined(TANGENT)
  template <backend B>
  void tangent(B&, layer_pass<B> const&, layer_views<value_t<B> const>, in_view<B>, out_view<B>) const {}
#endif
};

int main() {
  eigen::backend cpu;
#ifdef GSDE
  auto policy = actor{cpu, classic_control::pendulum{}, gsde{}, network{dense{4}, still{}}};
#else
  auto policy = actor_critic{cpu, classic_control::cart_pole{}, networks{.actor = network{dense{4}, still{}}}};
#endif
}
