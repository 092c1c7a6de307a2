#pragma once
#include <fcntl.h>
#include <cohort/file/descriptor.hpp>
#include <filesystem>

namespace COHORT_NAMESPACE::detail {

/// A file that is open; negative where it could not be opened, and errno says why.
class open_file : public descriptor {
 public:
  open_file(std::filesystem::path const& path, int how, unsigned mode = 0)
      : descriptor(::open(path.c_str(), how | O_CLOEXEC, mode)) {}
  operator int() const { return get(); }
};

}  // namespace COHORT_NAMESPACE::detail
