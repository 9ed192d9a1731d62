// Made from crds/smartproxy.dev_smartproxyconfigs.yaml by "npm run generate"; edit that file.
import type { Schema } from '../schema.ts';
import { connectionSchema, loadBalancingSchema, policySchema } from './smart-route-schema.ts';

/** What `spec` may hold. */
export const smartProxyConfigSchema: Schema = {
  "type": "object",
  "properties": {
    "listeners": {
      "type": "array",
      "maxItems": 32,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [
        "name"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "self.all(a, self.exists_one(b, a.port == b.port && (a.protocol == 'UDP') == (b.protocol == 'UDP')))",
          "message": "a port has one listener, and one of UDP beside it"
        }
      ],
      "items": {
        "type": "object",
        "required": [
          "name",
          "port",
          "protocol"
        ],
        "x-kubernetes-validations": [
          {
            "rule": "(self.name != 'http' || self.protocol == 'HTTP') && (self.name != 'https' || self.protocol == 'HTTPS')",
            "message": "the listeners http and https have the protocol of that name"
          },
          {
            "rule": "self.protocol != 'UDP' || !has(self.proxyProtocol)",
            "message": "a UDP listener has no PROXY protocol"
          }
        ],
        "properties": {
          "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": 63,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
          },
          "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "publishedPort": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "protocol": {
            "type": "string",
            "enum": [
              "HTTP",
              "HTTPS",
              "TCP",
              "UDP"
            ]
          },
          "namespaces": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
            }
          },
          "proxyProtocol": {
            "type": "object",
            "required": [
              "from"
            ],
            "properties": {
              "from": {
                "type": "array",
                "maxItems": 64,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 2,
                  "maxLength": 49,
                  "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                }
              }
            }
          }
        }
      }
    },
    "trustedProxies": {
      "type": "array",
      "maxItems": 256,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 2,
        "maxLength": 49,
        "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
      }
    },
    "drain": {
      "type": "object",
      "properties": {
        "delay": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "timeout": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        }
      }
    },
    "limits": {
      "type": "object",
      "properties": {
        "maxConnections": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxConnectionsPerAddress": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "connectionRate": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxUdpSessions": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxHandshakes": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "maxConnectionLifetime": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) <= duration('596h')",
              "message": "a time of at most 596h"
            }
          ]
        },
        "keepAliveRequests": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000000
        },
        "timeouts": {
          "type": "object",
          "properties": {
            "firstByte": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "handshake": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "header": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "body": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            },
            "keepAlive": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('100ms') && duration(self) <= duration('596h')",
                  "message": "a time from 100ms to 596h"
                }
              ]
            }
          }
        },
        "clients": {
          "type": "object",
          "properties": {
            "allow": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            },
            "deny": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            }
          }
        }
      }
    },
    "tls": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.profile) || self.profile != \"Modern\" || !has(self.minVersion) || self.minVersion == \"TLSv1.3\"",
          "message": "the profile Modern speaks TLS 1.3 alone"
        }
      ],
      "properties": {
        "profile": {
          "type": "string",
          "enum": [
            "Intermediate",
            "Modern"
          ]
        },
        "minVersion": {
          "type": "string",
          "enum": [
            "TLSv1.2",
            "TLSv1.3"
          ]
        },
        "ticketKeyRotation": {
          "type": "string",
          "maxLength": 32,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) == duration('0s') || (duration(self) >= duration('1m') && duration(self) <= duration('596h'))",
              "message": "a time from 1m to 596h, or 0s"
            }
          ]
        }
      }
    },
    "accessLog": {
      "type": "object",
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Off",
            "All",
            "Errors"
          ]
        },
        "format": {
          "type": "string",
          "enum": [
            "JSON",
            "IngressNginx"
          ]
        }
      }
    },
    "hostClaims": {
      "type": "array",
      "maxItems": 128,
      "items": {
        "type": "object",
        "required": [
          "hosts",
          "namespaces"
        ],
        "properties": {
          "hosts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253,
              "pattern": "^(\\*\\*?\\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
            }
          },
          "namespaces": {
            "type": "array",
            "maxItems": 64,
            "x-kubernetes-list-type": "set",
            "items": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63,
              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
            }
          }
        }
      }
    },
    "unclaimedHosts": {
      "type": "string",
      "enum": [
        "Shared",
        "Oldest"
      ]
    },
    "acme": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.defaultIssuer) || (has(self.issuers) && self.issuers.exists(i, i.name == self.defaultIssuer))",
          "message": "the default issuer is one of the issuers"
        }
      ],
      "properties": {
        "defaultIssuer": {
          "type": "string",
          "minLength": 1,
          "maxLength": 63,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
        },
        "issuers": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "directory"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "!has(self.challenge) || self.challenge != \"dns-01\" || has(self.dns)",
                "message": "dns-01 takes a provider of DNS"
              }
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "directory": {
                "type": "string",
                "minLength": 9,
                "maxLength": 1024,
                "pattern": "^https://[!-~]+$"
              },
              "caRef": {
                "type": "object",
                "required": [
                  "name"
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 253,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                  }
                }
              },
              "email": {
                "type": "string",
                "minLength": 3,
                "maxLength": 254,
                "pattern": "^[!-?A-~]+@[!-?A-~]+$"
              },
              "externalAccountBinding": {
                "type": "object",
                "required": [
                  "keyId",
                  "secretRef"
                ],
                "properties": {
                  "keyId": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[!-~]+$"
                  },
                  "secretRef": {
                    "type": "object",
                    "required": [
                      "name"
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                      }
                    }
                  }
                }
              },
              "preferredChain": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64
              },
              "profile": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
                "pattern": "^[!-~]+$"
              },
              "keyType": {
                "type": "string",
                "enum": [
                  "ECDSA",
                  "RSA"
                ]
              },
              "challenge": {
                "type": "string",
                "enum": [
                  "http-01",
                  "tls-alpn-01",
                  "dns-01"
                ]
              },
              "selfCheck": {
                "type": "string",
                "enum": [
                  "Strict",
                  "Lenient",
                  "Off"
                ]
              },
              "reclaimPolicy": {
                "type": "string",
                "enum": [
                  "Retain",
                  "Delete"
                ]
              },
              "resolvers": {
                "type": "array",
                "minItems": 1,
                "maxItems": 4,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 3,
                  "maxLength": 64,
                  "pattern": "^([0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{1,5})?|[0-9a-fA-F:]*:[0-9a-fA-F:]*|\\[[0-9a-fA-F:]+\\](:[0-9]{1,5})?)$"
                }
              },
              "dns": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.rfc2136), has(self.webhook), has(self.cloudflare), has(self.route53)].exists_one(x, x)",
                    "message": "one provider of DNS, and no more"
                  }
                ],
                "properties": {
                  "rfc2136": {
                    "type": "object",
                    "required": [
                      "server",
                      "tsig"
                    ],
                    "properties": {
                      "server": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 262,
                        "pattern": "^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(:[0-9]{1,5})?$"
                      },
                      "tsig": {
                        "type": "object",
                        "required": [
                          "keyName",
                          "secretRef"
                        ],
                        "properties": {
                          "keyName": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*\\.?$"
                          },
                          "algorithm": {
                            "type": "string",
                            "enum": [
                              "hmac-sha256",
                              "hmac-sha512"
                            ]
                          },
                          "secretRef": {
                            "type": "object",
                            "required": [
                              "name"
                            ],
                            "properties": {
                              "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 253,
                                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                              }
                            }
                          }
                        }
                      }
                    }
                  },
                  "webhook": {
                    "type": "object",
                    "required": [
                      "url"
                    ],
                    "properties": {
                      "url": {
                        "type": "string",
                        "minLength": 8,
                        "maxLength": 1024,
                        "pattern": "^https?://[!-~]+$"
                      },
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      },
                      "caRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      }
                    }
                  },
                  "cloudflare": {
                    "type": "object",
                    "required": [
                      "secretRef"
                    ],
                    "properties": {
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      }
                    }
                  },
                  "route53": {
                    "type": "object",
                    "properties": {
                      "secretRef": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "properties": {
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                          }
                        }
                      },
                      "hostedZoneId": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 32,
                        "pattern": "^[A-Z0-9]+$"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    "defaults": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.policy) || !has(self.policy.auth) || !has(self.policy.auth.none)",
          "message": "nobody is asked where auth is left out; none is for routes"
        }
      ],
      "properties": {
        "connection": connectionSchema,
        "policy": policySchema,
        "loadBalancing": loadBalancingSchema,
        "udp": {
          "type": "object",
          "properties": {
            "idleTimeout": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                  "message": "a time from 1s to 24h"
                }
              ]
            },
            "maxSessions": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            },
            "maxSessionsPerAddress": {
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000000
            }
          }
        }
      }
    }
  }
};
