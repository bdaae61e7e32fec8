// SPDX-License-Identifier: MIT
#include "engine/encoder.hpp"

#include "glowvox/error.hpp"

namespace glowvox::engine {

Encoder::Encoder(std::shared_ptr<const PreparedModel> model,
                 std::unique_ptr<const safetensors::MappedSafetensors> file, std::string path)
    : model_(std::move(model)), file_(std::move(file)), path_(std::move(path)) {
  file_->forget();
}

std::shared_ptr<const PreparedEncoding> Encoder::prepared() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (prepared_) return prepared_;
  if (file_->rewritten())
    throw Error(path_, "was overwritten after the model was loaded", "load it again");
  const Weights weights(file_->tensors(), path_);
  std::shared_ptr<const PreparedModel> model = model_;
  if (model->dtype != DType::kFloat32 || model->nets != NetWeights::kAsInFile)
    model =
        std::make_shared<const PreparedModel>(prepare(weights, model_->config, DType::kFloat32));
  prepared_ = std::make_shared<const PreparedEncoding>(prepare_encoding(weights, model));
  model_.reset();
  file_.reset();
  return prepared_;
}

}  // namespace glowvox::engine
