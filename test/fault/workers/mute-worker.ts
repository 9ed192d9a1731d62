// A worker that is started and never says anything, for the tests of the supervisor.
process.on('message', () => {});
