import { join } from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
	poweredByHeader: false,
	transpilePackages: ["larder-examples-shared"],
	serverExternalPackages: ["ioredis"],
	// Packages are at the top of the checkout.
	turbopack: { root: join(import.meta.dirname, "../..") },
	typescript: { ignoreBuildErrors: true },
};

export default config;
