#pragma once
#include <cohort/picture/gif.hpp>
#include <cohort/picture/raster.hpp>
#include <cstddef>
#include <string>

namespace COHORT_NAMESPACE::picture {

/// A film as a GIF (gif.hpp), with its captions. Raises value_error where a place is not finite, or a caption is
/// missing.
inline std::string gif(film const& f, int width = 600) {
  if (f.pictures.size() != f.captions.size())
    throw value_error("gif: there are " + std::to_string(f.pictures.size()) + " pictures and " +
                      std::to_string(f.captions.size()) + " captions, expected as many");
  canvas draws(f.seen, width);
  gif_film made(draws.width(), draws.height(), f.rate);
  for (std::size_t i = 0; i < f.pictures.size(); ++i) made.add(draws.drawn(f.pictures[i], f.title, f.captions[i]));
  return made.finish();
}

}  // namespace COHORT_NAMESPACE::picture
