// A worker that dies as soon as it is started, for the tests of the supervisor.
process.exit(3);
