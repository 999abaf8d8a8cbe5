#include "tokenizer_dump.h"

int main(int count, char **words)
{
    if (count > 2 && strcmp(words[1], "--dump") == 0) return dump_main(count, words);
    return 0;
}
