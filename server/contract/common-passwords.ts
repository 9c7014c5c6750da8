/**
 * Words that lists of leaked passwords consist of, without digits and endings: `findPasswordWeakness` handles
 * those in front, behind and in between. Words that are part of a longer one here are left out if that makes
 * no difference.
 */
const WORDS =
	"password passwort passw0rd passwd contrasena motdepasse parola senha wachtwoord haslo secret geheim changeme " +
	"letmein welcome willkommen bienvenue trustno opensesame iloveyou loveyou ilove lovely babygirl princess sunshine " +
	"superman batman spiderman starwars pokemon naruto dragon monkey master shadow killer hunter ranger buster soccer " +
	"football baseball basketball hockey liverpool chelsea arsenal barcelona realmadrid manchester juventus yankees " +
	"cowboys steelers eagles lakers ferrari porsche mercedes mustang corvette harley yamaha michael jordan jennifer " +
	"jessica ashley nicole daniel andrew joshua matthew anthony robert thomas charlie william george patrick hannah " +
	"amanda samantha michelle stephanie alexander maggie ginger pepper cookie cheese banana orange summer winter spring " +
	"autumn january february march april august september october november december monday friday sunday flower " +
	"butterfly purple yellow freedom forever whatever nothing blessed jesus heaven angel angels hello hallo goodbye " +
	"administrator admin root toor user guest demo test testing default temp system server oracle mysql postgres database " +
	"access login logon signin account company internet computer laptop windows microsoft google facebook apple samsung " +
	"matrix phoenix thunder lightning diamond silver golden tigger snoopy mickey donald scooby pikachu zelda mario " +
	"cisco vagrant docker kubernetes jenkins github valkey redis memcached elasticache larder cache qwerty qwertz azerty";

export const COMMON_WORDS: readonly string[] = WORDS.split(" ");

/** Adjacent keys, read in either direction. */
export const KEY_ROWS: readonly string[] = [
	"abcdefghijklmnopqrstuvwxyz",
	"01234567890",
	"qwertyuiop",
	"qwertzuiop",
	"azertyuiop",
	"asdfghjkl",
	"zxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm",
	"1q2w3e4r5t6y7u8i9o0p",
	"qazwsxedcrfvtgbyhnujm",
	"!@#$%^&*()",
];
