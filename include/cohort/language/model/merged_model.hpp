#pragma once
#include <algorithm>
#include <cohort/language/model/lora_model.hpp>
#include <cohort/language/model/rotary_pairs.hpp>
#include <numeric>

namespace COHORT_NAMESPACE {

/// A decoder's parameters as numbers of the host, in the order of lay_out(options), for whoever writes models.
template <class T>
struct model_numbers {
  decoder_options options;
  std::vector<T> parameters;
};

namespace detail {

/// Rows of stored matrices that follow one another.
template <backend B, class T = value_t<B>>
void widen_rows(B& b, view<T> to, std::span<stored_matrix const> all) {
  if constexpr (stored_products<B>)
    for (std::ptrdiff_t first = 0; auto const& w : all) {
      std::vector<std::int32_t> rows(static_cast<std::size_t>(w.rows));
      std::iota(rows.begin(), rows.end(), 0);
      typename B::template array<std::int32_t> index;
      b.assign(index, std::span<std::int32_t const>(rows));
      b.gather(to.part(first, w.rows), w, index.all());
      first += w.rows;
    }
}

/// Rows of queries and keys from adjacent pairs to halves.
template <class T>
void part_pairs(decoder_options const& o, std::span<T> parameters) {
  for (auto const& t : tensors_of(o)) {
    if (t.name.find(".q_proj.") == t.name.npos && t.name.find(".k_proj.") == t.name.npos) continue;
    auto const all = parameters.subspan(std::size_t(t.offset), std::size_t(t.size()));
    std::vector<T> const before(all.begin(), all.end());
    std::size_t const rows = std::size_t(t.rows), columns = all.size() / rows;
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(before.begin() + std::ptrdiff_t(row_in_adjacent_pairs(r, std::size_t(o.size_of_head())) * columns),
                  columns, all.begin() + std::ptrdiff_t(r * columns));
  }
}

/// W + scale B A, for each of a product's projections.
template <backend B, class T = value_t<B>>
void add_adapters(B& b, view<T> weights, low_rank<T const> const& adapters) {
  if (!adapters) return;
  for (std::size_t i = 0; i < adapters.places->targets.size(); ++i) {
    auto const& t = adapters.places->targets[i];
    auto room = b.template temporary<T>(t.outputs * adapters.rank);
    view<T> const scaled = room.matrix(t.outputs, adapters.rank);
    b.map(outputs{scaled}, scaled_by{adapters.scale}, adapters.b(i));
    b.matmul(weights.part(t.column, t.outputs), view<T const>(scaled),
             adapters.a().part(std::ptrdiff_t(i) * adapters.rank, adapters.rank), true);
  }
}

}  // namespace detail

/// The model that a base and its adapters are together: W + scale B A in the place of each W that is a target, and all
/// else as the base has it, widened to the backend's numbers. It takes room for all parameters, on the backend and on
/// the host. What a GGUF file has in another order is as write_model and write_gguf want it.
///
///     auto merged = merged_model(cpu, policy);
///     language::write_model<float>("better", merged.options, merged.parameters);
template <backend B, bool Critic, class T = value_t<B>>
model_numbers<T> merged_model(B& b, basic_lora_model<B, Critic> const& policy) {
  auto const& base = policy.base();
  auto const& weights = base.network().weights();
  decoder_options options = base.options();
  decoder_layout const places = lay_out(options);
  typename B::template array<T> all;
  b.resize(all, places.parameters());
  view<T const> const own = base.parameters();
  if (!weights.stored()) {
    detail::copy_to(b, all.all(), own);
  } else {
    for (std::ptrdiff_t next = 0; auto const& t : places.tensors)
      if (t.columns == 0) {
        detail::copy_to(b, all.all().part(t.offset, t.rows), own.part(next, t.rows));
        next += t.rows;
      }
    auto const& lies = weights.in_file();
    auto const widen = [&](std::ptrdiff_t at, stored_matrix const& w) {
      if (at >= 0) detail::widen_rows(b, view<T>(all.all().data + at, w.rows, w.columns), std::span(&w, 1));
    };
    widen(0, lies.embedding);
    widen(places.positions, lies.positions);
    if (places.head != 0) widen(places.head, lies.head);
    for (std::size_t l = 0; l < places.layers.size(); ++l)
      for (std::size_t k = 0; k < 4; ++k)
        detail::widen_rows(b, layer_parameters<T>{all.all(), options, places.layers[l]}.weights()[k],
                           std::span<stored_matrix const>(lies.layers[l][k]));
  }
  for (std::size_t l = 0; l < places.layers.size(); ++l) {
    auto const to = layer_parameters<T>{all.all(), options, places.layers[l]}.weights();
    auto const layer = weights.layer({own, policy.parameters()}, l);
    std::size_t k = 0;
    for (auto const* product : {&layer.qkv, &layer.out, &layer.up, &layer.down})
      detail::add_adapters(b, to[k++], product->adapters);
  }
  model_numbers<T> found{options, std::vector<T>(std::size_t(all.size()))};
  b.download(std::span<T>(found.parameters), view<T const>(all.all()));
  if (options.adjacent_pairs) {
    detail::part_pairs(options, std::span<T>(found.parameters));
    found.options.adjacent_pairs = false;
  }
  return found;
}

}  // namespace COHORT_NAMESPACE
