-- CreateTable
CREATE TABLE "MeteredCache" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "engine" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "tags" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "deletedAt" TIMESTAMP(3),

    CONSTRAINT "MeteredCache_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CacheUsage" (
    "cacheId" TEXT NOT NULL,
    "spanSeconds" INTEGER NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "storedByteSeconds" DOUBLE PRECISION NOT NULL,
    "ecpus" DOUBLE PRECISION NOT NULL,
    "nodeSeconds" DOUBLE PRECISION NOT NULL,
    "cacheSeconds" DOUBLE PRECISION NOT NULL,
    "cost" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "CacheUsage_pkey" PRIMARY KEY ("cacheId","spanSeconds","at")
);

-- CreateTable
CREATE TABLE "MeteredProcess" (
    "nodeId" TEXT NOT NULL,
    "process" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "counters" JSONB NOT NULL,
    "ownBytesPerSecond" DOUBLE PRECISION,

    CONSTRAINT "MeteredProcess_pkey" PRIMARY KEY ("nodeId","process")
);

-- CreateTable
CREATE TABLE "Metering" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "startedAt" TIMESTAMP(3) NOT NULL,
    "nodesUntil" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Metering_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RateCard" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "card" JSONB NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "RateCard_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "MeteredCache_name_idx" ON "MeteredCache"("name");

-- CreateIndex
CREATE INDEX "CacheUsage_spanSeconds_at_idx" ON "CacheUsage"("spanSeconds", "at");

-- CreateIndex
CREATE INDEX "MeteredProcess_at_idx" ON "MeteredProcess"("at");
