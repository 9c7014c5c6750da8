-- CreateTable
CREATE TABLE "Migration" (
    "id" TEXT NOT NULL,
    "cacheId" TEXT NOT NULL,
    "source" JSONB NOT NULL,
    "secret" TEXT,
    "phase" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "reason" TEXT,
    "report" JSONB,
    "startedAt" TIMESTAMP(3) NOT NULL,
    "endedAt" TIMESTAMP(3),

    CONSTRAINT "Migration_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Migration_cacheId_startedAt_idx" ON "Migration"("cacheId", "startedAt");

-- CreateIndex
CREATE UNIQUE INDEX "Migration_cacheId_key" ON "Migration"("cacheId") WHERE ("endedAt" IS NULL);

-- AddForeignKey
ALTER TABLE "Migration" ADD CONSTRAINT "Migration_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE CASCADE ON UPDATE CASCADE;
