import type { NextConfig } from "next";

const isDevelopment = process.env.NODE_ENV === "development";

/**
 * Everything comes from our own origin. Inline scripts are Next's bootstrap data and the theme switch that
 * runs before the first paint; the pages for signing in are pre-rendered, so they can't have a nonce for each request.
 */
const contentSecurityPolicy = [
	"default-src 'self'",
	`script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ""}`,
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self' data:",
	"font-src 'self'",
	"connect-src 'self'",
	"object-src 'none'",
	"base-uri 'self'",
	"form-action 'self'",
	"frame-ancestors 'none'",
].join("; ");

const config: NextConfig = {
	poweredByHeader: false,
	reactStrictMode: true,
	// Nothing uses Next's resizing of images, which would accept any address on this server from strangers.
	images: { unoptimized: true },
	// `npm run check` type-checks the whole repository; doing it again here would only slow the build.
	typescript: { ignoreBuildErrors: true },
	experimental: { optimizePackageImports: ["@heroui/react", "lucide-react"] },
	headers: async () => [
		{
			source: "/:path*",
			headers: [
				{ key: "Content-Security-Policy", value: contentSecurityPolicy },
				{ key: "X-Content-Type-Options", value: "nosniff" },
				{ key: "Referrer-Policy", value: "same-origin" },
				{ key: "X-Frame-Options", value: "DENY" },
			],
		},
	],
};

export default config;
