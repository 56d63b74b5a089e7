"""Names and phrases for invented customers and agents, in ten languages."""

# ruff: noqa: RUF001 - letters of other scripts are intended

from __future__ import annotations

from typing import Final, NamedTuple


class Language(NamedTuple):
    """The names and phrases of one language. `problems` has one text per subject."""

    code: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    greetings: tuple[str, ...]
    problems: tuple[str, ...]
    replies: tuple[str, ...]
    solutions: tuple[str, ...]
    thanks: tuple[str, ...]


SUBJECTS: Final = (
    "Where is order {order}?",
    "Broken glass in order {order}",
    "Sending order {order} back",
    "Invoice for {order}",
    'Question about the "Heron" lamp',
    "New address for {order}",
)
"""Subject lines, one per leaf topic, in the order of `problems`."""

_ENGLISH: Final = Language(
    "en",
    ("Maud", "Percy", "Orla", "Dexter", "Winnie", "Cormac", "Thandi", "Joss", "Beatrix", "Kwame"),
    ("Applegarth", "Quillfeather", "Okonjo", "Thistlewood", "Marsh-Bellamy", "D'Arby", "Pennyworth"),
    ("Hello!", "Hi there 👋", "Good afternoon,"),
    (
        "My order {order} was due on Tuesday and has not come. Where is it?",
        "The shade of the lamp in order {order} arrived cracked 😟\nI can send photos.",
        'I would like to return order {order}; the "Heron" is too tall for our shelf.',
        "Could you send me the invoice for {order} once more, with our VAT number on it?",
        'Does the "Heron" take a dimmable bulb, and is the switch on the cable?',
        "We are moving: can order {order} still go to the new address?",
    ),
    ("Thank you for writing, I am looking into {order} now.", "Let me check that for you, one moment."),
    (
        "All settled: you will get a message within the hour. Anything else?",
        "Done ✅ The confirmation for {order} is on its way to you.",
        "I have arranged it. It takes two working days, at no cost to you.",
    ),
    ("Perfect, thanks so much!", "That was quick 🙂 thank you", "ok thx"),
)

LANGUAGES: Final = (
    _ENGLISH,
    _ENGLISH,
    _ENGLISH,
    _ENGLISH,
    Language(
        "fr",
        ("Élodie", "Théo", "Anaïs", "Loïc", "Maëlle", "Gaëtan", "Océane"),
        ("Garçonnet", "Lefèvre-Noël", "Bruyère", "Chandelier", "Deschênes", "Luminet", "Hérisson"),
        ("Bonjour,", "Bonsoir,"),
        (
            "Ma commande {order} n’est toujours pas arrivée. Où est-elle ?",
            "L’abat-jour de la commande {order} est arrivé fêlé 😕",
            "Je souhaite renvoyer la commande {order}, la lampe est trop haute.",
            "Pourriez-vous m’envoyer à nouveau la facture de {order} ?",
            "Le modèle « Héron » accepte-t-il une ampoule à intensité variable ?",
            "Nous déménageons : peut-on changer l’adresse de {order} ?",
        ),
        ("Merci de votre message, je vérifie tout de suite.",),
        ("C’est réglé, vous recevrez une confirmation dans l’heure.",),
        ("Génial, merci beaucoup !",),
    ),
    Language(
        "de",
        ("Jürgen", "Käthe", "Sönke", "Mareike", "Götz", "Bärbel", "Lieselotte"),
        ("Größling", "Vögele", "Tannhäußer", "Lampert", "Kerzendörfer", "Schönleuchter", "Weißdorn"),
        ("Guten Tag,", "Moin,"),
        (
            "Die Bestellung {order} sollte am Dienstag da sein. Wo bleibt sie?",
            "Der Lampenschirm aus {order} hat einen Sprung – schade!",
            "Ich möchte {order} zurückschicken, die Lampe ist zu groß.",
            "Könnten Sie mir die Rechnung zu {order} noch einmal schicken?",
            "Lässt sich der „Reiher“ dimmen?",
            "Wir ziehen um: Geht {order} noch an die neue Adresse?",
        ),
        ("Danke für Ihre Nachricht, ich sehe gleich nach.",),
        ("Erledigt, die Bestätigung kommt innerhalb einer Stunde.",),
        ("Super, vielen Dank!",),
    ),
    Language(
        "es",
        ("Íñigo", "Begoña", "Ángel", "Nuria", "Joaquín", "Inés", "Cándido"),
        ("Ibáñez Peñalver", "Muñiz", "Cigüeña", "Candelas", "Faroles Ríos", "Luzón", "Avellaneda"),
        ("¡Hola!", "Buenas tardes:"),
        (
            "El pedido {order} tenía que llegar el martes. ¿Dónde está?",
            "La pantalla del pedido {order} llegó rota 😢",
            "Quiero devolver el pedido {order}: es demasiado alto.",
            "¿Me pueden enviar otra vez la factura de {order}?",
            "¿La «Garza» admite bombillas regulables?",
            "Nos mudamos: ¿se puede cambiar la dirección de {order}?",
        ),
        ("Gracias por escribir, lo miro ahora mismo.",),
        ("Ya está: recibirá la confirmación en una hora.",),
        ("¡Muchísimas gracias!",),
    ),
    Language(
        "uk",
        ("Оксана", "Тарас", "Соломія", "Богдан", "Ярина", "Остап"),
        ("Ліхтаренко", "Журавель", "Під’яблонська", "Світлик", "Каганець", "Зоренко"),
        ("Добрий день!",),
        (
            "Замовлення {order} мало прийти у вівторок. Де воно?",
            "Абажур із замовлення {order} приїхав тріснутий 😟",
            "Хочу повернути {order}: лампа зависока для полиці.",
            "Надішліть, будь ласка, ще раз рахунок за {order}.",
            "Чи можна «Чаплю» вмикати з регулятором яскравості?",
            "Ми переїжджаємо: чи можна змінити адресу для {order}?",
        ),
        ("Дякую за звернення, зараз перевірю.",),
        ("Готово: підтвердження прийде протягом години.",),
        ("Щиро дякую! 🌻",),
    ),
    Language(
        "el",
        ("Ευρυδίκη", "Σπύρος", "Θάλεια", "Λεωνίδας", "Χρυσάνθη", "Άρης"),
        ("Φαναράκης", "Λυχνοπούλου", "Κεράνης", "Αυγερινός", "Λαμπίρη", "Φεγγίτης"),
        ("Καλησπέρα σας,",),
        (
            "Η παραγγελία {order} δεν έχει έρθει ακόμη. Πού βρίσκεται;",
            "Το καπέλο της λάμπας στην {order} ήρθε ραγισμένο.",
            "Θα ήθελα να επιστρέψω την {order}.",
            "Μπορείτε να μου ξαναστείλετε το τιμολόγιο για την {order};",
            "Ο «Ερωδιός» δέχεται ροοστάτη;",
            "Μετακομίζουμε: αλλάζει η διεύθυνση για την {order};",
        ),
        ("Ευχαριστούμε, το κοιτάζω αμέσως.",),
        ("Τακτοποιήθηκε, θα λάβετε επιβεβαίωση μέσα στην ώρα.",),
        ("Τέλεια, ευχαριστώ!",),
    ),
    Language(
        "ar",
        ("سلمى", "نديم", "هالة", "وائل", "رزان", "بشار"),
        ("القنديلي", "المصباحي", "السراجي", "الشمعي", "النوري", "الفانوسي"),
        ("مرحبًا،",),
        (
            "لم يصل الطلب {order} بعد، أين هو؟",
            "وصل غطاء المصباح في الطلب {order} مكسورًا 😔",
            "أرغب في إرجاع الطلب {order} لأن المصباح طويل جدًا.",
            "هل يمكنكم إرسال فاتورة {order} مرة أخرى؟",
            "هل يعمل مصباح «البلشون» مع مفتاح تخفيت الإضاءة؟",
            "سننتقل قريبًا، هل يمكن تغيير عنوان {order}؟",
        ),
        ("شكرًا لرسالتك، سأتحقق الآن.",),
        ("تم الأمر، ستصلك رسالة تأكيد خلال ساعة.",),
        ("شكرًا جزيلًا!",),
    ),
    Language(
        "ja",
        ("灯里", "蛍太", "千景", "朔也", "ひかり", "陽向"),
        ("行灯田", "鷺沼", "灯山", "火野川", "蝋崎", "明石原"),
        ("お世話になっております。",),
        (
            "注文 {order} がまだ届きません。今どこにありますか?",
            "注文 {order} のランプシェードが割れていました😢",
            "注文 {order} を返品したいです。棚に入りませんでした。",
            "{order} の請求書をもう一度送っていただけますか。",
            "「サギ」のランプは調光できますか?",
            "引っ越します。{order} の届け先を変えられますか?",
        ),
        ("ご連絡ありがとうございます。ただいま確認いたします。",),
        ("手配いたしました。一時間以内に確認のご連絡をいたします。",),
        ("助かりました。ありがとうございます!",),
    ),
    Language(
        "ko",
        ("등불", "새벽", "하늘", "보람", "이슬", "누리"),
        ("왜가리", "남궁", "제갈", "선우", "황보", "독고"),
        ("안녕하세요,",),
        (
            "주문 {order}이 아직 도착하지 않았어요. 어디에 있나요?",
            "주문 {order}의 전등갓이 깨져서 왔어요 😥",
            "{order}을 반품하고 싶습니다. 너무 커요.",
            "{order} 영수증을 다시 보내 주시겠어요?",
            "‘왜가리’ 램프는 밝기 조절이 되나요?",
            "이사를 가는데 {order} 배송지를 바꿀 수 있나요?",
        ),
        ("문의해 주셔서 감사합니다. 바로 확인하겠습니다.",),
        ("처리했습니다. 한 시간 안에 안내를 받으실 거예요.",),
        ("정말 감사합니다!",),
    ),
    Language(
        "hi",
        ("दीपिका", "किरण", "ज्योति", "प्रकाश", "उषा", "रोशन"),
        ("लालटेनवाला", "बगुलेकर", "दीपकर", "मशालची", "उजाला", "चिराग़ी"),
        ("नमस्ते,",),
        (
            "ऑर्डर {order} अभी तक नहीं आया। वह कहाँ है?",
            "ऑर्डर {order} का शेड टूटा हुआ मिला 😟",
            "मैं ऑर्डर {order} लौटाना चाहती हूँ।",
            "क्या आप {order} का बिल फिर से भेज सकते हैं?",
            "क्या ‘बगुला’ लैंप की रोशनी कम की जा सकती है?",
            "हम घर बदल रहे हैं, क्या {order} का पता बदल सकता है?",
        ),
        ("संदेश के लिए धन्यवाद, मैं अभी देखता हूँ।",),
        ("हो गया, एक घंटे में पुष्टि मिल जाएगी।",),
        ("बहुत-बहुत धन्यवाद! 🙏",),
    ),
)

NOTES: Final = (
    "Carrier says Thursday; <b>call back</b> if not.",
    "Refund agreed with the warehouse.\nNo return needed.",
    "Third time this month \u2013 see the earlier conversation.",
    'Pasted from the depot\'s page:\u2028gate 4, bay "B"',
)
"""Internal notes. One contains a raw line separator (U+2028), as pasted text sometimes does."""

STREETS: Final = ("Lantern Row", "Old Ferry Lane", "Wickmaker's Yard", "Heron Quay", "Tallow Street")
TOWNS: Final = ("Brindle Bay, ZZ 04417", "Upper Wick, ZZ 11870", "Port Amber, ZZ 90218")
