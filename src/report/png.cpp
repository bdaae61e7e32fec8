// SPDX-License-Identifier: MIT
#include "report/png.hpp"

#include <png.h>

#include "glowvox/error.hpp"

namespace glowvox::report {

std::string encode_png(const std::string& where, int width, int height,
                       const std::vector<std::uint8_t>& rgb) {
  const auto expected = 3 * static_cast<std::int64_t>(width) * height;
  if (width < 1 || height < 1 || static_cast<std::int64_t>(rgb.size()) != expected)
    throw Error(where, "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                           " needs " + std::to_string(expected) + " bytes, got " +
                           std::to_string(rgb.size()));
  // The simplified interface reports errors by value: no longjmp past C++ objects.
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, rgb.data(), 0, nullptr) == 0)
    throw Error(where, std::string("cannot encode: ") + image.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace glowvox::report
