"""Tests of normalising words: different spellings of one word become equal, and different words stay different."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.ledger.words import (
    LONGEST_MISTYPED,
    as_written,
    distance,
    normal,
    skeleton,
    slug_of,
    spelling_variants,
    stem,
    words_of,
)

texts = st.text(max_size=60) | st.text(
    st.sampled_from("aeéxUS.'s’-9 1२३भार्तकिीनम़ँंΣςИйđøæßʼŉ\u0301\u0308\u093f\u200d’–İıß½"), max_size=20
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MQ-9B", "mq 9 b"),
        ("mq9b", "mq 9 b"),
        ("MQ 9B", "mq 9 b"),
        ("mq-9b", "mq 9 b"),
        ("F16's", "f 16"),
        ("India–U.S. 2+2 Dialogue", "india us 2 2 dialogue"),
        ("US", "us"),
        ("u.s.", "us"),
        ("U.S", "us"),
        ("U.S.-India", "us india"),
        ("the U.S.’s", "the us"),
        ("U.S.A.", "usa"),
        ("S. Jaishankar", "s jaishankar"),
        ("S.Jaishankar", "s jaishankar"),
        ("end. A start", "end a start"),
        ("3.5 billion", "3 5 billion"),
        ("$3bn", "3 bn"),
        ("Defence", "defense"),
        ("offences", "offenses"),
        ("export licence", "export license"),
        ("Organisations organising a PROGRAMME", "organizations organizing a program"),
        ("neighbouring harbours", "neighboring harbors"),
        ("cancelled; travelling", "canceled traveling"),
        ("our four hours, a promise and an exercise", "our four hours a promise and an exercise"),
        ("Café Élysée", "cafe elysee"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("Чёрное", "черное"),
        ("ＦＵＬＬ width", "full width"),
        ("भारत के रक्षा मंत्री", "भारत के रक्षा मंत्रि"),
        ("२०२३ में", "2023 में"),
        ("एस. जयशंकर", "एस जयशंकर"),
        ("भा.ज.पा.", "भा ज पा"),
        ("क्\u200dष", "क्ष"),
        ("1\ufe0f\u20e3 first", "1 first"),
        ("العَرَبِيّة", "العَرَبِيّة"),
        ("— …", ""),
    ],
)
def test_a_text_is_read_in_one_of_the_ways_in_which_it_is_written(text, words):
    assert normal(text) == words


@pytest.mark.parametrize(
    "written",
    [
        ["Đà Nẵng", "Da Nang", "DA NANG", "đa nang"],
        ["Łódź", "Lodz", "ŁODZ"],
        ["Malmø", "Malmö", "malmo"],
        ["Tromsø", "Tromso"],
        ["Diyarbakır", "Diyarbakir", "DİYARBAKIR"],
        ["Æther Œuvre", "Aether Oeuvre", "ÆTHER ŒUVRE"],
        ["Straße", "STRASSE", "strasse", "STRAẞE"],
        ["Þórður Guðmundsson", "Thordur Gudmundsson", "ÞÓRÐUR GUÐMUNDSSON"],
        ["Ħamrun", "Hamrun"],
        ["Ŋaliema", "Ngaliema", "ŋaliema"],
        ["Əliyev", "Aliyev"],
        ["Hawaiʻi", "Hawaiʼi", "Hawaii"],
        ["ब्लिन्कन", "ब्लिंकन", "ब्लिँकन"],
        ["हिन्दी", "हिंदी", "हिन्दि", "हिंदि"],
        ["सम्पर्क", "संपर्क"],
        ["सङ्घ", "संघ"],
        ["पञ्जाब", "पंजाब"],
        ["ठण्डा", "ठंडा"],
        ["चाँद", "चांद", "चान्द"],
        ["फ़ौज", "फ\u093cौज", "फौज"],
        ["\u095eौज", "फौज"],
        ["ईमान", "इमान"],
        ["ऊर्जा", "उर्जा"],
        ["पूर्व", "पुर्व"],
        ["श्रीमान्", "श्रीमान"],
        ["३१ ड्रोन", "31 ड्रोन", "٣١ ड्रोन", "৩১ ड्रोन", "۳۱ ड्रोन"],
        ["२०२३", "2023", "௨௦௨௩", "２０２３"],
        ["MQ-९B", "MQ-9B"],
    ],
)
def test_the_same_name_in_other_letters_is_the_same(written):
    assert len({normal(name) for name in written}) == 1, [normal(name) for name in written]


@pytest.mark.parametrize(
    ("one", "other"),
    [("दिन", "दान"), ("कमल", "कंमल"), ("न्याय", "याय"), ("Oslo", "Aslo"), ("म्यांमार", "यांमार")],
)
def test_other_names_stay_others(one, other):
    assert normal(one) != normal(other)


def test_what_is_begun_in_hindi_begins_its_word():
    assert normal("म्यांमार").startswith(normal("म"))
    assert normal("न्यायालय").startswith(normal("न"))
    assert normal("ब्लिन्कन").startswith(normal("ब्लि"))


@pytest.mark.parametrize("mark", ["'", "’", "ʼ"])
@pytest.mark.parametrize(
    ("genitive", "noun"),
    [
        ("India{}s drones", "india drones"),
        ("GE{}S engines", "ge engines"),
        ("the U.S.{}s offer", "the us offer"),
        ("the F-16{}s wing", "the f 16 wing"),
        ("2023{}s talks", "2023 talks"),
        ("Łódź{}s port", "lodz port"),
        ("Modi{}s, Biden{}s", "modi biden"),
    ],
)
def test_a_genitive_is_its_noun(genitive, noun, mark):
    assert normal(genitive.replace("{}", mark)) == noun


@pytest.mark.parametrize("mark", ["'", "’"])
def test_an_apostrophe_without_a_genitive_only_parts_words(mark):
    assert normal(f"the Netherlands{mark} offer") == "the netherlands offer"
    assert normal(f"Côte d{mark}Ivoire, O{mark}Sullivan, isn{mark}t, {mark}s") == "cote d ivoire o sullivan isn t s"


@pytest.mark.parametrize(
    ("name", "as_entry", "slug"),
    [
        ("Đà Nẵng", "đa nang", "đa-nang"),
        ("India’s Øresund", "india s øresund", "india-s-øresund"),
        ("ब्लिन्कन ३१", "ब्लिन्कन ३१", "ब्लिन्कन-३१"),
        ("Hawaiʻi", "hawaiʻi", "hawaiʻi"),
    ],
)
def test_what_is_stored_keeps_its_letters(name, as_entry, slug):
    assert as_written(name) == as_entry
    assert slug_of(name) == slug


@example("A\u200c\u094d")  # A joiner between a Latin letter and a mark.
@given(texts)
@example("ḗ\u030c")
@example("u.s.\u0301")
@example("1\u0308a")
@example("ﬁ.a.b")
@example("aʼs's")
@example("न्\u093c्क")
def test_reading_what_was_read_changes_nothing(text):
    words = words_of(text)
    assert words_of(" ".join(words)) == words


@given(texts)
def test_a_word_holds_no_space_no_quote_and_something_to_read(text):
    for word in words_of(text):
        assert not set(word) & set(" \"'().:*\n\x00")
        assert any(map(str.isalnum, word))


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_plain_english_is_read_like_any_other_text(text):
    assert [*words_of(text), "भ"] == words_of(text + " भ")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("2plus2 New Delhi 2023", "2plus2-new-delhi-2023"),
        ("U.S. defence programme", "u-s-defence-programme"),
        ("MQ-9B", "mq-9b"),
        ("भारत के", "भारत-के"),
        ("…", "record"),
    ],
)
def test_an_address_keeps_the_spelling_of_the_name(name, slug):
    assert slug_of(name) == slug
    assert slug_of(slug) == slug


def test_entries_that_are_spelt_differently_stay_two():
    assert as_written("U.S.") != as_written("US")
    assert as_written("U.S. Defence ") == as_written("u s defence")


@pytest.mark.parametrize(
    ("a", "b", "slips"),
    [
        ("drones", "drones", 0),
        ("drones", "drnes", 1),
        ("drones", "drnoes", 1),
        ("drones", "dromes", 1),
        ("armed", "amrde", 2),
        ("kitten", "sitting", 3),
        ("", "abc", 3),
    ],
)
def test_slips_are_counted(a, b, slips):
    assert distance(a, b) == distance(b, a) == slips


short = st.text("abcde", max_size=7)


@given(short, short)
def test_no_slip_is_the_same_word_and_no_more_are_needed_than_letters(a, b):
    assert (distance(a, b) == 0) is (a == b)
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))


@given(st.text("abcdefgh", min_size=5, max_size=9), st.data())
def test_words_that_differ_by_a_slip_share_a_variant(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    missing = word[:at] + word[at + 1 :]
    other = word[:at] + letter + word[at + 1 :]
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    for slip in (missing, other, swapped):
        assert spelling_variants(word) & spelling_variants(slip), slip


@pytest.mark.parametrize(
    ("word", "heard"),
    [("committee", "cmt"), ("commitee", "cmt"), ("atomics", "atmcs"), ("india", "ind"), ("भारत", "भारत")],
)
def test_a_skeleton_is_what_is_heard(word, heard):
    assert skeleton(word) == heard


@pytest.mark.parametrize("word", ["2023", "12345", "abc", "x" * (LONGEST_MISTYPED + 1)])
def test_numbers_short_words_and_overlong_ones_are_no_slips(word):
    assert spelling_variants(word) == {word}


@pytest.mark.parametrize(
    "forms",
    [
        "drone drones",
        "ferry ferries",
        "country countries",
        "box boxes",
        "gas gases",
        "bus buses",
        "lens lenses",
        "virus viruses",
        "process processes",
        "hero heroes",
        "speech speeches",
        "SMR SMRs",
        "GPU GPUs",
        "UAV UAVs",
        "clear cleared clears clearing",
        "negotiate negotiating negotiated negotiation negotiations",
        "approve approved approves approving",
        "coproduction coproductions",
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms):
    assert len({stem(word) for word in words_of(forms)}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("new", "news"),
        ("us", "u"),
        ("minister", "ministry"),
        ("india", "indian"),
        ("mass", "mas"),
        ("hostages", "hostagse"),
        ("भारत", "भारति"),
    ],
)
def test_other_words_have_other_stems(one, other):
    assert stem(one) != stem(other)
