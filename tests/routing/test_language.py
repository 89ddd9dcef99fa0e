"""Which language a text is in, at a glance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the capital of France, and how many people live in it?", "en"),
        ("Was ist die Hauptstadt von Frankreich, und wie viele Menschen leben dort?", "de"),
        ("Quelle est la capitale de la France, et combien de gens y vivent ?", "fr"),
        ("¿Cuál es la capital de Francia y cuántas personas viven en ella?", "es"),
        ("Qual è la capitale della Francia e come si chiama il suo sindaco, che non conosco?", "it"),
        ("Qual é a capital da França e como se chama o prefeito, que não conheço?", "pt"),
        ("Wat is de hoofdstad van Frankrijk, en hoe heet een inwoner van het land?", "nl"),
        ("Jaka jest stolica Francji i co o niej wiesz? Nie znam jej, ale to ładne miasto.", "pl"),
        ("Vad är huvudstaden i Frankrike, och hur många bor där? Jag vet inte det.", "sv"),
        ("Fransa'nın başkenti ne ve nasıl bir şehir? Orada çok insan var mı?", "tr"),
        ("Какая столица у Франции?", "ru"),
        ("Яка столиця Франції? Скільки там людей?", "uk"),
        ("フランスの首都はどこですか。", "ja"),
        ("法国的首都是哪里？", "zh"),
        ("프랑스의 수도는 어디입니까?", "ko"),
        ("ما هي عاصمة فرنسا؟", "ar"),
        ("پایتخت فرانسه کجاست؟ چه شهری است؟", "fa"),
        ("מהי בירת צרפת?", "he"),
        ("Ποια είναι η πρωτεύουσα της Γαλλίας;", "el"),
        ("फ्रांस की राजधानी क्या है?", "hi"),
        ("เมืองหลวงของฝรั่งเศสคือเมืองอะไร", "th"),
        ("Show that the angle α between the vectors is the same for all of them in this space.", "en"),
        ("def f(x): return x ** 2", ""),
        ("", ""),
        ("42", ""),
    ],
)
def test_it_is_told_by_script_or_by_little_words(text: str, language: str) -> None:
    assert language_of(text) == language


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert len(language_of(text)) in (0, 2)
