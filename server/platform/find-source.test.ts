import { expect, it } from "vitest";
import { repositoryOf } from "./find-source.ts";

const config = (url: string) =>
	`[core]\n\tbare = false\n[remote "fork"]\n\turl = https://elsewhere.example/x\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs\n`;

it.each([
	["https://git.example/larder.git", "https://git.example/larder.git"],
	["https://ada:secret@git.example/larder.git", "https://git.example/larder.git"],
	["git@git.example:team/larder.git", "git@git.example:team/larder.git"],
	["/srv/git/larder", null],
	["file:///srv/git/larder", null],
])("origin %s is cloned from %s", (url, repository) => {
	expect(repositoryOf(config(url))).toBe(repository);
});

it("a checkout without an origin has no repository", () => {
	expect(repositoryOf('[remote "fork"]\n\turl = https://elsewhere.example/x\n')).toBeNull();
	expect(repositoryOf("")).toBeNull();
});
