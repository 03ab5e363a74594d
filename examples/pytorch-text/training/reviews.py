"""Generated reviews of products, for a network that tells whether their writers were content.

What a review says depends on the order of its words and not only on which there are: "not bad", "although the screen is dim,
the battery is great". Typing errors hide some words, so that no network gets all of them right. The same reviews come out on
every machine.
"""

import re

import numpy as np

CLASSES = ["negative", "mixed", "positive"]
LENGTH = 40
PADDING, UNKNOWN = 0, 1
TRAINING_REVIEWS, TRAINING_SEED = 24_000, 23
HELD_OUT_REVIEWS, HELD_OUT_SEED = 3000, 24

THINGS = "battery screen camera keyboard speaker sound case strap lens motor handle charger cable display manual support delivery packaging price software menu button hinge fan wheel brush filter blade lid zip".split()
GOOD = "great excellent solid reliable bright sturdy quick comfortable lovely superb precise quiet helpful generous neat handy smooth crisp durable pleasant fair brilliant flawless tidy sharp gentle".split()
BAD = "poor terrible flimsy slow dim noisy awful fragile clumsy rough useless overpriced dull wobbly faulty cheap confusing loose stiff annoying ugly sluggish weak messy blurry dreadful".split()
DEGREES = ["", "", "", "very", "really", "quite", "rather", "truly"]
NEGATIONS = ["not", "never", "hardly", "anything but"]
FACTS = "i ordered it last week|it came in a box|my sister has the same one|the colour is grey|i use it at work|it was a present|we bought two of them|the old one was blue".split("|")
SOMEBODY = "my brother thinks|the reviews say|the shop claims|some people write".split("|")


def load_training():
    """Returns (texts, labels): strings, and int64 [count], indexes into CLASSES."""
    return generate(TRAINING_REVIEWS, np.random.default_rng(TRAINING_SEED))


def load_held_out():
    """Returns (texts, labels) that no training sees."""
    return generate(HELD_OUT_REVIEWS, np.random.default_rng(HELD_OUT_SEED))


def generate(count, random):
    texts, labels = zip(*(review(random) for _ in range(count)))
    return texts, np.array(labels, np.int64)


def review(random):
    """A text and its label: what outweighs what is decided by the words between the clauses."""
    first, second = (random.choice([-1, 1]) for _ in range(2))
    kind = random.choice(["one", "and", "but", "although", "others"])
    if kind == "one":
        text, verdict = clause(random, first), first
    elif kind == "and":
        text, verdict = f"{clause(random, first)} and {clause(random, second)}", (first + second) // 2
    elif kind == "but":
        text, verdict = f"{clause(random, first)} , but {clause(random, second)}", second
    elif kind == "although":
        text, verdict = f"although {clause(random, first)} , {clause(random, second)}", second
    else:
        text, verdict = f"{random.choice(SOMEBODY)} {clause(random, first)} . in fact {clause(random, second)}", second
    if random.uniform() < 0.4:
        text = f"{random.choice(FACTS)} . {text}"
    if random.uniform() < 0.2:
        text = f"{text} . {random.choice(FACTS)}"
    return " ".join(misspell(random, word) for word in text.split()), CLASSES.index(CLASSES[verdict + 1])


def clause(random, verdict):
    """One thing and an opinion of it: a word of that kind, or the contrary denied."""
    negated = random.uniform() < 0.25
    words = GOOD if (verdict > 0) != negated else BAD
    opinion = words[min(int(random.exponential(6)), len(words) - 1)]
    parts = ["the", random.choice(THINGS), random.choice(["is", "was", "seems"])]
    return " ".join([*parts, random.choice(NEGATIONS) if negated else "", random.choice(DEGREES), opinion])


def misspell(random, word):
    """Swaps two letters of one word in twenty-five."""
    if len(word) < 3 or random.uniform() > 0.04:
        return word
    at = random.integers(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def words_of(text):
    return re.findall(r"[a-z]+|[.,]", text.lower())


def vocabulary_of(texts):
    """The words that occur at least three times, with their numbers."""
    words, counts = np.unique([word for text in texts for word in words_of(text)], return_counts=True)
    return {str(word): number + UNKNOWN + 1 for number, word in enumerate(words[counts >= 3])}


def encode(texts, vocabulary):
    """Numbers of words, int64 [count, LENGTH]; longer texts lose their end, shorter ones are padded."""
    ids = np.full((len(texts), LENGTH), PADDING, np.int64)
    for row, text in zip(ids, texts):
        numbers = [vocabulary.get(word, UNKNOWN) for word in words_of(text)][:LENGTH]
        row[: len(numbers)] = numbers
    return ids
