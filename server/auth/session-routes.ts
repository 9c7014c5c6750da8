/**
 * The better-auth routes that Larder uses. better-auth has many more, such as those of OAuth providers, and
 * they accept input from strangers, so they aren't served.
 */
export const SESSION_ROUTES = [
	{ method: "POST", path: "/sign-in/email" },
	{ method: "POST", path: "/sign-out" },
	{ method: "GET", path: "/get-session" },
] as const;
