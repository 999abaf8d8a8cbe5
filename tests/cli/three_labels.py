"""Makes a classifier of three labels out of a folder with one: its head's row, its negative, its double."""
import array, json, struct, sys
folder = sys.argv[1]
with open(folder + "/model.safetensors", "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    body = file.read()
rows, packed = {"F32": "f"}, b""
for name, tensor in header.items():
    if name == "__metadata__": continue
    begin, end = tensor["data_offsets"]
    data = body[begin:end]
    if name == "score.weight":
        row = array.array(rows[tensor["dtype"]], data)
        data = b"".join(array.array("f", [factor * x for x in row]).tobytes() for factor in (1, -1, 2))
        tensor["shape"][0] = 3
    tensor["data_offsets"] = [len(packed), len(packed) + len(data)]
    packed += data
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(folder + "/model.safetensors", "wb") as file: file.write(struct.pack("<Q", len(text)) + text + packed)
config = json.load(open(folder + "/config.json"))
config["id2label"] = {"0": "helpful", "1": "harmful", "2": "twice"}
json.dump(config, open(folder + "/config.json", "w"))
