#include "options/trainer_defaults.h"

#define LENGTH(list) (sizeof(list) / sizeof *(list))

static const assay_trainer_default trl[] = {
    {"tuning", "full"},    {"lora-rank", "16"},    {"lora-alpha", "32"},  {"lora-dropout", "0.05"},
    {"lr", "1e-4"},        {"schedule", "linear"}, {"epochs", "3"},       {"per-device-train-batch-size", "8"},
    {"warmup-ratio", "0"}, {"max-length", "1024"}, {"precision", "auto"}, {"save-steps", "500"},
    {"eval-split", "off"},
};
const assay_trainer_kind assay_trainer_trl = {"TRL", trl, LENGTH(trl)};

static const assay_trainer_default llamafactory[] = {
    {"tuning", "lora"},    {"lora-rank", "8"},     {"lora-alpha", "auto"}, {"lora-dropout", "0"},
    {"lr", "5e-5"},        {"schedule", "linear"}, {"epochs", "3"},        {"per-device-train-batch-size", "8"},
    {"warmup-ratio", "0"}, {"max-length", "2048"}, {"save-steps", "500"},  {"eval-split", "off"},
};
const assay_trainer_kind assay_trainer_llamafactory = {"LLaMA-Factory", llamafactory, LENGTH(llamafactory)};

static const assay_trainer_default swift[] = {
    {"tuning", "lora"},      {"lora-rank", "8"},     {"lora-alpha", "32"},  {"lora-dropout", "0.05"},
    {"schedule", "cosine"},  {"min-lr", "0"},        {"epochs", "3"},       {"per-device-train-batch-size", "1"},
    {"weight-decay", "0.1"}, {"adam-beta2", "0.95"}, {"warmup-ratio", "0"}, {"save-steps", "500"},
    {"eval-split", "off"},
};
const assay_trainer_kind assay_trainer_swift = {"ms-swift", swift, LENGTH(swift)};

static const assay_trainer_default openrlhf[] = {
    {"tuning", "full"},       {"lora-alpha", "16"},   {"lora-dropout", "0"}, {"lr", "9e-6"},
    {"schedule", "cosine"},   {"min-lr", "0.1"},      {"epochs", "1"},       {"batch-pairs", "128"},
    {"warmup-ratio", "0.03"}, {"adam-beta2", "0.95"}, {"max-length", "512"}, {"save-steps", "end"},
    {"eval-split", "off"},
};
const assay_trainer_kind assay_trainer_openrlhf = {"OpenRLHF", openrlhf, LENGTH(openrlhf)};
