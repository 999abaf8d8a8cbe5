"""Are `assay eval`'s pairs those of a loop in stock Transformers (and PEFT), each rendered there by apply_chat_template?

    tests/oracle/eval_pairs.py ASSAY MODEL PAIRS.jsonl [--base FOLDER]     FOLDER: the adapter's base in Hugging Face's form
    tests/oracle/eval_pairs.py --train OUT PAIRS.jsonl                     makes a tiny ChatML reward model with TRL, of
                                                                           a tokenizer whose pad is its end of turn

PAIRS: lines {"prompt", "chosen", "rejected"}, each a text or a list of messages. Every text is scored by itself, unpadded; the
reference's own pooling applies. Compared: both scores of each pair (1e-5 of the largest score), who wins each pair, accuracy.
"""
import argparse
import json
import os
import subprocess
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def messages(prompt, answer):
    ask = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    reply = [{"role": "assistant", "content": answer}] if isinstance(answer, str) else answer
    return ask + reply


def load(folder, base):
    adapter = os.path.exists(os.path.join(folder, "adapter_config.json"))
    model = AutoModelForSequenceClassification.from_pretrained(base or folder, num_labels=1, dtype=torch.float32)
    if adapter:
        from peft import PeftModel
        model = PeftModel.from_pretrained(model, folder)
    return model.eval()


def assay_pairs(assay, folder, path):
    out = subprocess.run([assay, "score", "--model", folder, "--input", path, "--precision", "f32"], capture_output=True, text=True, check=True).stdout
    report = subprocess.run([assay, "eval", "--model", folder, "--data", path, "--precision", "f32", "--json"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line)["score"] for line in out.splitlines()], json.loads(report)


def compare(args):
    rows = [json.loads(line) for line in open(args.pairs, encoding="utf-8")]
    ours, report = assay_pairs(args.assay, args.model, args.pairs)
    tokenizer, model = AutoTokenizer.from_pretrained(args.model), load(args.model, args.base)
    theirs = []
    for row in rows:
        texts = [tokenizer.apply_chat_template(messages(row["prompt"], row[side]), tokenize=False) for side in ("chosen", "rejected")]
        ids = [tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"] for text in texts]
        with torch.no_grad():
            theirs.append([model(input_ids=one).logits[0, 0].item() for one in ids])
    largest = max(abs(s) for pair in theirs for s in pair)
    apart = max(abs(a - b) for one, other in zip(ours, theirs) for a, b in zip(one, other))
    wins = [sum(a > b for a, b in side) for side in (ours, theirs)]
    turned = sum((a > b) != (c > d) for (a, b), (c, d) in zip(ours, theirs))
    print(f"{len(rows)} pairs; accuracy: assay eval {report['accuracy']:.4f}, assay score {wins[0] / len(rows):.4f}, the reference {wins[1] / len(rows):.4f}; "
          f"{turned} pairs decided otherwise; largest score {largest:.4g}, largest difference {apart:.1e} ({apart / largest:.1e} of it)")
    return turned or len(ours) != len(rows) or not apart <= 1e-5 * max(1.0, largest) or abs(report["accuracy"] - wins[1] / len(rows)) > 1e-9


def train(args):
    from datasets import Dataset
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast
    from trl import RewardConfig, RewardTrainer
    rows = [json.loads(line) for line in open(args.pairs, encoding="utf-8")]
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer, plain.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    plain.train_from_iterator([m["content"] for row in rows for side in ("chosen", "rejected") for m in messages(row["prompt"], row[side])],
                              trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<|im_end|>", pad_token="<|im_end|>", bos_token="<|endoftext|>")
    tokenizer.chat_template = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
                               "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
    torch.manual_seed(1)
    model = LlamaForSequenceClassification(LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                                                       num_labels=1, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, bos_token_id=tokenizer.bos_token_id))
    data = Dataset.from_list([{"chosen": messages(row["prompt"], row["chosen"]), "rejected": messages(row["prompt"], row["rejected"])} for row in rows])
    settings = RewardConfig(output_dir=args.train, max_steps=20, per_device_train_batch_size=8, learning_rate=1e-3, report_to="none", max_length=1024, use_cpu=True,
                            save_strategy="no", bf16=False, gradient_checkpointing=False)
    trainer = RewardTrainer(model=model, args=settings, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    trainer.save_model(args.train)
    tokenizer.save_pretrained(args.train)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", default="")
    parser.add_argument("--base", default="")
    parser.add_argument("words", nargs="+")
    args = parser.parse_args()
    torch.set_num_threads(2)
    args.pairs = args.words[-1]
    if args.train: return train(args)
    args.assay, args.model = args.words[:2]
    return compare(args)


if __name__ == "__main__":
    sys.exit(main())
