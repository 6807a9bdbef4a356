"""The countries of well-known holders of offices of state since about 2000, for texts that take them as known ("President Trump").

Facts of public record, put together for this project. A text that says whose office someone holds is believed before this list.
"""

from __future__ import annotations

import functools
import re
import unicodedata

# By ISO 3166-1 alpha-3 code.
NAMES = {
    "AFG": "Hamid Karzai|Ashraf Ghani|Abdullah Abdullah|Amir Khan Muttaqi",
    "ARE": "Mohammed bin Zayed|Abdullah bin Zayed|Anwar Gargash",
    "ARG": "Javier Milei|Mauricio Macri|Cristina Fernández de Kirchner|Alberto Fernández",
    "ARM": "Nikol Pashinyan|Ararat Mirzoyan|Serzh Sargsyan",
    "AUS": "Anthony Albanese|Penny Wong|Scott Morrison|Malcolm Turnbull|Tony Abbott|Julia Gillard|Kevin Rudd|Marise Payne|Julie Bishop",
    "AUT": "Alexander Schallenberg|Sebastian Kurz|Karl Nehammer|Christian Stocker|Ursula Plassnik",
    "AZE": "Ilham Aliyev|Jeyhun Bayramov|Elmar Mammadyarov",
    "BEL": "Alexander De Croo|Bart De Wever|Maxime Prévot",
    "BGD": "Sheikh Hasina|Muhammad Yunus",
    "BLR": "Alexander Lukashenko|Aleksandr Lukashenko|Alyaksandr Lukashenka|Vladimir Makei",
    "BOL": "Evo Morales|Luis Arce",
    "BRA": "Luiz Inácio Lula da Silva|Lula da Silva|Jair Bolsonaro|Dilma Rousseff|Michel Temer|Mauro Vieira|Celso Amorim",
    "CAN": "Mark Carney|Justin Trudeau|Stephen Harper|Mélanie Joly|Anita Anand|Chrystia Freeland|John Baird|Marc Garneau",
    "CHE": "Ignazio Cassis|Didier Burkhalter",
    "CHL": "Gabriel Boric|Sebastián Piñera",
    "CHN": "Xi Jinping|Li Qiang|Li Keqiang|Wang Yi|Hu Jintao|Wen Jiabao|Yang Jiechi|Qin Gang|Mao Ning|Lin Jian|Guo Jiakun|Wang Wenbin|"
           "Zhao Lijian|Hua Chunying|Geng Shuang|Lu Kang|Hong Lei|He Lifeng|Fu Cong|Zhang Jun|Dong Jun|Wang Wentao|Han Zheng|Liu Pengyu",
    "COD": "Félix Tshisekedi|Joseph Kabila",
    "COL": "Gustavo Petro|Iván Duque|Juan Manuel Santos|Álvaro Uribe",
    "CUB": "Fidel Castro|Raúl Castro|Raul Castro|Miguel Díaz-Canel|Bruno Rodríguez",
    "CYP": "Nikos Christodoulides|Nicos Anastasiades|Constantinos Kombos",
    "CZE": "Petr Pavel|Petr Fiala|Andrej Babiš|Miloš Zeman|Milos Zeman|Jan Lipavský|Václav Havel",
    "DEU": "Friedrich Merz|Olaf Scholz|Angela Merkel|Gerhard Schröder|Annalena Baerbock|Johann Wadephul|Heiko Maas|Sigmar Gabriel|"
           "Frank-Walter Steinmeier|Guido Westerwelle|Boris Pistorius",
    "DNK": "Mette Frederiksen|Lars Løkke Rasmussen|Jeppe Kofod",
    "DZA": "Abdelmadjid Tebboune|Abdelaziz Bouteflika|Ahmed Attaf|Ramtane Lamamra",
    "EGY": "Abdel Fattah el-Sisi|Abdel Fattah al-Sisi|Hosni Mubarak|Mohamed Morsi|Sameh Shoukry|Badr Abdelatty",
    "ESP": "Pedro Sánchez|Pedro Sanchez|Mariano Rajoy|José Manuel Albares|José Luis Rodríguez Zapatero",
    "EST": "Alar Karis|Margus Tsahkna|Urmas Reinsalu",
    "ETH": "Abiy Ahmed|Meles Zenawi|Hailemariam Desalegn",
    "FIN": "Alexander Stubb|Sauli Niinistö|Sanna Marin|Petteri Orpo|Elina Valtonen|Pekka Haavisto",
    "FRA": "Emmanuel Macron|François Hollande|Francois Hollande|Nicolas Sarkozy|Jacques Chirac|Jean-Yves Le Drian|Jean-Noël Barrot|"
           "Catherine Colonna|Stéphane Séjourné|Laurent Fabius|Bernard Kouchner|Dominique de Villepin|Sébastien Lecornu",
    "GBR": "Keir Starmer|David Lammy|Yvette Cooper|Rishi Sunak|Liz Truss|Boris Johnson|Theresa May|David Cameron|Gordon Brown|Tony Blair|"
           "James Cleverly|Dominic Raab|Jeremy Hunt|Philip Hammond|William Hague|David Miliband|Jack Straw|John Healey|Ben Wallace|"
           "Elizabeth II|Charles III",
    "GEO": "Salome Zourabichvili|Mikheil Saakashvili|Irakli Kobakhidze|Giorgi Margvelashvili",
    "GRC": "Kyriakos Mitsotakis|Alexis Tsipras|Antonis Samaras|Nikos Dendias|George Gerapetritis|Nikos Kotzias|Dora Bakoyannis",
    "HUN": "Viktor Orbán|Viktor Orban|Péter Szijjártó|Peter Szijjarto|Katalin Novák",
    "IDN": "Joko Widodo|Prabowo Subianto|Retno Marsudi|Susilo Bambang Yudhoyono|Sugiono",
    "IND": "Narendra Modi|Manmohan Singh|Subrahmanyam Jaishankar|S. Jaishankar|Sushma Swaraj|Rajnath Singh|Droupadi Murmu|Vikram Misri|"
           "Randhir Jaiswal|Pranab Mukherjee|Salman Khurshid",
    "IRL": "Micheál Martin|Leo Varadkar|Simon Harris|Enda Kenny|Simon Coveney",
    "IRN": "Ali Khamenei|Masoud Pezeshkian|Ebrahim Raisi|Hassan Rouhani|Mahmoud Ahmadinejad|Mohammad Khatami|Abbas Araghchi|Abbas Araqchi|"
           "Hossein Amir-Abdollahian|Mohammad Javad Zarif|Javad Zarif|Ali Akbar Salehi|Manouchehr Mottaki|Esmaeil Baghaei|Nasser Kanaani|"
           "Ali Larijani|Saeed Khatibzadeh|Akbar Hashemi Rafsanjani",
    "IRQ": "Mohammed Shia al-Sudani|Mustafa al-Kadhimi|Haider al-Abadi|Nouri al-Maliki|Barham Salih|Fuad Hussein|Adil Abdul-Mahdi|Saddam Hussein",
    "ISR": "Benjamin Netanyahu|Naftali Bennett|Yair Lapid|Isaac Herzog|Israel Katz|Gideon Sa'ar|Gideon Saar|Eli Cohen|Yoav Gallant|Benny Gantz|"
           "Ehud Olmert|Ehud Barak|Ariel Sharon|Shimon Peres|Tzipi Livni|Avigdor Lieberman|Danny Danon|Gilad Erdan",
    "ITA": "Giorgia Meloni|Mario Draghi|Giuseppe Conte|Matteo Renzi|Silvio Berlusconi|Antonio Tajani|Luigi Di Maio|Sergio Mattarella|Romano Prodi",
    "JOR": "King Abdullah II|Abdullah II|Ayman Safadi|Nasser Judeh",
    "JPN": "Shinzo Abe|Fumio Kishida|Shigeru Ishiba|Sanae Takaichi|Yoshihide Suga|Junichiro Koizumi|Yoshimasa Hayashi|Taro Aso|Yoko Kamikawa|"
           "Toshimitsu Motegi|Taro Kono|Takeshi Iwaya|Minoru Kihara|Mori Takeo",
    "KAZ": "Kassym-Jomart Tokayev|Nursultan Nazarbayev|Murat Nurtleu",
    "KEN": "William Ruto|Uhuru Kenyatta|Mwai Kibaki|Musalia Mudavadi",
    "KOR": "Yoon Suk Yeol|Yoon Suk-yeol|Lee Jae-myung|Lee Jae Myung|Moon Jae-in|Park Geun-hye|Lee Myung-bak|Cho Tae-yul|Park Jin|"
           "Chung Eui-yong|Kang Kyung-wha|Cho Hyun",
    "LBN": "Joseph Aoun|Michel Aoun|Najib Mikati|Nawaf Salam|Saad Hariri|Gebran Bassil",
    "LBY": "Muammar Gaddafi|Muammar Qaddafi|Abdul Hamid Dbeibah|Fayez al-Sarraj|Khalifa Haftar",
    "LTU": "Gitanas Nausėda|Gabrielius Landsbergis|Dalia Grybauskaitė",
    "LVA": "Edgars Rinkēvičs|Krišjānis Kariņš",
    "MAR": "Mohammed VI|Nasser Bourita",
    "MDA": "Maia Sandu",
    "MEX": "Claudia Sheinbaum|Andrés Manuel López Obrador|Enrique Peña Nieto|Felipe Calderón|Vicente Fox|Marcelo Ebrard",
    "MMR": "Aung San Suu Kyi|Min Aung Hlaing",
    "MYS": "Anwar Ibrahim|Mahathir Mohamad|Najib Razak|Saifuddin Abdullah",
    "NGA": "Bola Tinubu|Muhammadu Buhari|Goodluck Jonathan|Olusegun Obasanjo",
    "NLD": "Dick Schoof|Caspar Veldkamp|Hanke Bruins Slot",
    "NOR": "Jonas Gahr Støre|Erna Solberg|Espen Barth Eide|Anniken Huitfeldt|Ine Eriksen Søreide",
    "NPL": "K. P. Sharma Oli|KP Sharma Oli|Pushpa Kamal Dahal|Sher Bahadur Deuba|Pradeep Gyawali",
    "NZL": "Jacinda Ardern|Christopher Luxon|Winston Peters|John Key|Nanaia Mahuta",
    "OMN": "Haitham bin Tariq|Badr Albusaidi|Badr al-Busaidi",
    "PAK": "Shehbaz Sharif|Nawaz Sharif|Imran Khan|Ishaq Dar|Bilawal Bhutto Zardari|Pervez Musharraf|Asif Ali Zardari|Shah Mahmood Qureshi|Asim Munir",
    "PHL": "Ferdinand Marcos Jr.|Bongbong Marcos|Rodrigo Duterte|Benigno Aquino|Enrique Manalo|Teodoro Locsin|Theresa Lazaro",
    "POL": "Andrzej Duda|Karol Nawrocki|Radosław Sikorski|Radoslaw Sikorski|Mateusz Morawiecki|Zbigniew Rau|Lech Kaczyński|"
           "Jarosław Kaczyński|Aleksander Kwaśniewski|Bronisław Komorowski",
    "PRK": "Kim Jong Un|Kim Jong-un|Kim Jong Il|Kim Jong-il|Kim Yo Jong|Kim Yo-jong|Choe Son Hui|Ri Yong Ho|Kim Il Sung",
    "PSE": "Mahmoud Abbas|Mohammad Shtayyeh|Mohammad Mustafa|Riyad Mansour|Riyad al-Maliki|Yasser Arafat|Salam Fayyad",
    "QAT": "Tamim bin Hamad Al Thani|Mohammed bin Abdulrahman Al Thani|Mohammed bin Abdulrahman Al-Thani|Majed al-Ansari",
    "ROU": "Klaus Iohannis|Nicușor Dan|Bogdan Aurescu|Luminița Odobescu",
    "RUS": "Vladimir Putin|Dmitry Medvedev|Sergei Lavrov|Sergey Lavrov|Dmitry Peskov|Maria Zakharova|Mikhail Mishustin|Sergei Shoigu|Sergey Shoigu|"
           "Andrei Belousov|Sergei Ryabkov|Sergey Ryabkov|Vitaly Churkin|Vasily Nebenzya|Vassily Nebenzia|Dmitry Polyanskiy|Nikolai Patrushev|"
           "Boris Yeltsin|Igor Ivanov|Kirill Dmitriev|Yuri Ushakov",
    "RWA": "Paul Kagame|Vincent Biruta|Olivier Nduhungirehe",
    "SAU": "Mohammed bin Salman|Mohammad bin Salman|King Salman|Faisal bin Farhan|Adel al-Jubeir|Saud al-Faisal",
    "SGP": "Lawrence Wong|Lee Hsien Loong|Vivian Balakrishnan",
    "SRB": "Aleksandar Vučić|Aleksandar Vucic|Ivica Dačić|Boris Tadić",
    "SVK": "Robert Fico|Zuzana Čaputová|Peter Pellegrini|Juraj Blanár",
    "SWE": "Ulf Kristersson|Magdalena Andersson|Stefan Löfven|Ann Linde|Tobias Billström|Carl Bildt|Margot Wallström|Maria Malmer Stenergard",
    "SYR": "Bashar al-Assad|Bashar Assad|Ahmed al-Sharaa|Faisal Mekdad|Walid Muallem|Asaad al-Shaibani",
    "THA": "Srettha Thavisin|Paetongtarn Shinawatra|Prayut Chan-o-cha|Thaksin Shinawatra|Anutin Charnvirakul",
    "TUR": "Recep Tayyip Erdoğan|Recep Tayyip Erdogan|Tayyip Erdogan|Hakan Fidan|Mevlüt Çavuşoğlu|Mevlut Cavusoglu|Ahmet Davutoğlu|"
           "Ahmet Davutoglu|Abdullah Gül|Abdullah Gul|Binali Yıldırım|Hulusi Akar|Yaşar Güler",
    "TWN": "Tsai Ing-wen|Lai Ching-te|William Lai|Ma Ying-jeou|Joseph Wu",
    "UKR": "Volodymyr Zelensky|Volodymyr Zelenskyy|Volodymyr Zelenskiy|Dmytro Kuleba|Andrii Sybiha|Denys Shmyhal|Petro Poroshenko|"
           "Viktor Yanukovych|Viktor Yushchenko|Yulia Tymoshenko|Pavlo Klimkin|Andriy Yermak|Rustem Umerov|Yulia Svyrydenko",
    "USA": "Donald Trump|Donald J. Trump|Joe Biden|Joseph R. Biden|Barack Obama|George W. Bush|Bill Clinton|JD Vance|J.D. Vance|Kamala Harris|"
           "Mike Pence|Dick Cheney|Marco Rubio|Antony Blinken|Antony J. Blinken|Mike Pompeo|Rex Tillerson|John Kerry|Hillary Clinton|"
           "Condoleezza Rice|Colin Powell|Madeleine Albright|Pete Hegseth|Lloyd Austin|Mark Esper|James Mattis|Ash Carter|Chuck Hagel|"
           "Leon Panetta|Robert Gates|Donald Rumsfeld|Scott Bessent|Janet Yellen|Steven Mnuchin|Howard Lutnick|Gina Raimondo|Steve Witkoff|"
           "Jake Sullivan|John Bolton|John Kirby|Karoline Leavitt|Karine Jean-Pierre|Jen Psaki|Jay Carney|Josh Earnest|Robert Gibbs|"
           "Sean Spicer|Kayleigh McEnany|Sarah Huckabee Sanders|Sarah Sanders|Ned Price|Matthew Miller|Tammy Bruce|Vedant Patel|Wendy Sherman|"
           "Victoria Nuland|Nikki Haley|Linda Thomas-Greenfield|Susan Rice|Samantha Power|Mike Waltz|Nancy Pelosi|Chuck Schumer|Mitch McConnell|"
           "Kevin McCarthy|Mike Johnson|Katherine Tai|Jamieson Greer|Daleep Singh|Bill Burns|William Burns|Kurt Campbell|Tulsi Gabbard|Stephanie Grisham|"
           "Dana Perino|Tony Snow|Scott McClellan|Ari Fleischer|Heather Nauert|Morgan Ortagus|Marie Harf|Mark Toner|P.J. Crowley|"
           "Richard Boucher|Pat Ryder|Sabrina Singh|Sean Parnell",
    "VEN": "Nicolás Maduro|Nicolas Maduro|Hugo Chávez|Hugo Chavez|Juan Guaidó|Juan Guaido|Delcy Rodríguez|Yván Gil",
    "VNM": "To Lam|Pham Minh Chinh|Nguyen Phu Trong|Bui Thanh Son",
    "ZAF": "Cyril Ramaphosa|Jacob Zuma|Thabo Mbeki|Nelson Mandela|Naledi Pandor|Ronald Lamola",
    "ZWE": "Robert Mugabe|Emmerson Mnangagwa",
}  # fmt: skip


# Last names that, with an office of state, mean one of them: heads of state and government and foreign ministers.
LAST = {
    "AFG": "Karzai|Ghani", "ARG": "Milei|Macri", "ARM": "Pashinyan|Mirzoyan", "AUS": "Albanese|Turnbull|Gillard", "AZE": "Aliyev|Bayramov",
    "BLR": "Lukashenko|Lukashenka", "BRA": "Lula|Bolsonaro|Rousseff", "CAN": "Trudeau|Harper|Joly|Freeland", "CHL": "Boric|Piñera",
    "CHN": "Xi|Wang Yi", "COL": "Petro|Santos|Uribe", "CZE": "Zeman|Babiš|Fiala|Lipavský", "DEU": "Merz|Scholz|Merkel|Baerbock|Steinmeier",
    "EGY": "Sisi|el-Sisi|al-Sisi|Mubarak|Morsi|Shoukry", "ESP": "Sánchez|Rajoy|Zapatero", "FIN": "Niinistö|Stubb", "FRA": "Macron|Hollande|Sarkozy|Chirac|Le Drian|Barrot|Fabius",
    "GBR": "Starmer|Sunak|Truss|Cameron|Blair|Lammy|Cleverly|Raab", "GRC": "Mitsotakis|Tsipras|Dendias", "HUN": "Orbán|Szijjártó",
    "IDN": "Widodo|Prabowo|Yudhoyono", "IND": "Modi|Jaishankar", "IRN": "Khamenei|Pezeshkian|Raisi|Rouhani|Ahmadinejad|Khatami|Araghchi|Araqchi|Amir-Abdollahian|Zarif",
    "IRQ": "al-Maliki|al-Abadi|al-Sudani|al-Kadhimi", "ISR": "Netanyahu|Lapid|Herzog|Sharon|Peres|Olmert|Lieberman", "ITA": "Meloni|Draghi|Renzi|Berlusconi|Tajani|Mattarella|Di Maio",
    "JOR": "Safadi", "JPN": "Abe|Kishida|Ishiba|Takaichi|Suga", "KAZ": "Tokayev|Nazarbayev", "KEN": "Ruto|Kenyatta|Kibaki", "KOR": "Yoon|Moon",
    "LBY": "Gaddafi|Qaddafi|Dbeibah", "MDA": "Sandu", "MEX": "Sheinbaum|López Obrador|Peña Nieto|Ebrard", "NGA": "Tinubu|Buhari|Obasanjo",
    "NZL": "Ardern|Luxon", "PAK": "Sharif|Musharraf|Zardari", "PHL": "Marcos|Duterte|Aquino|Manalo", "POL": "Duda|Nawrocki|Sikorski|Morawiecki|Kaczyński|Komorowski",
    "PSE": "Abbas|Arafat", "ROU": "Iohannis", "RUS": "Putin|Medvedev|Lavrov|Yeltsin|Peskov|Zakharova|Shoigu|Mishustin", "RWA": "Kagame",
    "SRB": "Vučić|Dačić", "SVK": "Fico|Čaputová|Pellegrini", "SWE": "Kristersson|Löfven|Billström", "SYR": "Assad|al-Assad|al-Sharaa|Mekdad",
    "TUR": "Erdoğan|Fidan|Çavuşoğlu|Davutoğlu", "TWN": "Tsai|Lai", "UKR": "Zelensky|Zelenskyy|Zelenskiy|Kuleba|Sybiha|Poroshenko|Yanukovych|Shmyhal|Tymoshenko",
    "USA": "Trump|Biden|Obama|Bush|Clinton|Vance|Pence|Cheney|Rubio|Blinken|Pompeo|Tillerson|Kerry|Hegseth|Yellen",
    "VEN": "Maduro|Chávez", "ZAF": "Ramaphosa|Zuma|Mbeki|Mandela", "ZWE": "Mugabe|Mnangagwa",
}  # fmt: skip


# Last names of those who speak for a government in briefings, whose transcripts often give no more ("MR. KIRBY: …").
SPOKESPEOPLE = {
    "IRN": "Kanaani|Baghaei|Khatibzadeh",
    "RUS": "Peskov|Zakharova",
    "USA": "Kirby|Leavitt|Jean-Pierre|Psaki|Carney|Earnest|Gibbs|Spicer|McEnany|Sanders|Grisham|Perino|Snow|McClellan|Fleischer|Price|Miller|Bruce|"
           "Patel|Nauert|Ortagus|Harf|Toner|Crowley|Boucher|Nuland|Ryder|Singh|Parnell",
}  # fmt: skip


def _plain(name: str) -> str:
    """A name without accents, capitals and middle initials."""
    letters = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ł", "l").replace("ı", "i"))
    words = "".join(c for c in letters if not unicodedata.combining(c)).lower().removesuffix(" jr.").split()
    return " ".join(w for i, w in enumerate(words) if i in (0, len(words) - 1) or not re.fullmatch(r"[a-z]\.?", w))


@functools.cache
def _tables() -> list[dict[str, str]]:
    """Codes by whole name, by last name, and by a spokesperson's last name."""
    return [
        {_plain(name): code for code, some in table.items() for name in some.split("|")} for table in (NAMES, LAST, SPOKESPEOPLE)
    ]


def spokesperson_code(name: str) -> str | None:
    """The alpha-3 code of the country whose well-known spokesperson has that last name, or None: a guess that needs another reason."""
    return _tables()[2].get(_plain(name))


def country_code(name: str, office: bool) -> str | None:
    """The alpha-3 code of the country whose office the person of that name is known to have held, or None.

    Args:
        name: as the text has it, in full or in part.
        office: whether the text calls them by an office of state, so that the last name alone may do.
    """
    whole, last, _ = _tables()
    return whole.get(_plain(name)) or (last.get(_plain(name)) if office else None)
